// How much of a room is unread. The server's count holds up to the `last_seq` that came with it; what comes after is counted here.

/** @typedef {import('./room.js').Room} Room */

/**
 * @param {Room} room
 * @param {import('../wire.js').NumberedFrame} frame
 * @param {string} me
 * @returns {Room}
 */
export function count(room, frame, me) {
  if (frame.seq <= room.countedSeq) return room;
  const next = { ...room, countedSeq: frame.seq };
  if (frame.type !== 'chat') return next;
  if (frame.username === me) return { ...next, readSeq: frame.seq, unread: 0, mentions: 0 };
  return {
    ...next,
    unread: room.unread + 1,
    mentions: room.mentions + (frame.mentions?.includes(me) ? 1 : 0),
  };
}

/**
 * One has read up to there, on whichever screen.
 * @param {Room} room
 * @param {import('../wire.js').ReadFrame} frame
 * @returns {Room}
 */
export function takeRead(room, frame) {
  if (frame.seq < room.readSeq) return room;
  return { ...room, readSeq: frame.seq, unread: frame.unread ?? 0, mentions: frame.mentions ?? 0 };
}

/**
 * The reader has this event before their eyes.
 * @param {Room} room
 * @param {number} seq
 * @returns {Room}
 */
export function see(room, seq) {
  return seq > room.seenSeq ? { ...room, seenSeq: seq } : room;
}

/** Whether the server is to be told. @param {Room} room */
export function hasMark(room) {
  return room.marking === 'idle' && room.seenSeq > room.readSeq;
}

/** @param {Room} room @param {number} seq @returns {Room} */
export function marked(room, seq) {
  return { ...room, marking: 'idle', readSeq: Math.max(room.readSeq, seq) };
}

/**
 * A mark that was refused is not repeated until there is a further one.
 * @param {Room} room
 * @returns {Room}
 */
export function unmarked(room) {
  return { ...room, marking: 'idle', seenSeq: room.readSeq };
}
