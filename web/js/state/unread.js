// Counts the unread messages of a room: the server's count, and what came since. Pure.
//
// `unread` counts the messages above the read marker, deleted ones too; `mentions` counts those of
// them that name the user now. Both are counted from the messages where every message above the
// marker is held, else carried on from what the server counted.

/** @typedef {import('./room.js').Room} Room */
/** @typedef {import('./entries.js').Entry} Entry */

/**
 * Whether a message that is held names the user.
 * @param {Room} room
 * @param {number} seq
 * @param {string} me
 */
function isNamedIn(room, seq, me) {
  const isIt = (/** @type {Entry} */ entry) => entry.kind === 'message' && entry.seq === seq;
  const entry = room.entries.find(isIt) ?? room.past?.entries.find(isIt);
  return entry?.kind === 'message' && entry.username !== me && entry.mentions.includes(me);
}

/**
 * Counts an event. One that is in the server's count only moves the marker.
 * @param {Room} before the room without the event
 * @param {Room} room the room with it
 * @param {import('../wire.js').NumberedFrame} frame
 * @param {string} me
 * @returns {Room}
 */
export function count(before, room, frame, me) {
  const isCounted = frame.seq <= room.countedSeq;
  const marker = { readSeq: Math.max(room.readSeq, frame.seq) };
  const read = isCounted ? marker : { ...marker, unread: 0, mentions: 0 };
  switch (frame.type) {
    case 'chat': {
      if (frame.username === me) return { ...room, ...read };
      if (isCounted || frame.seq <= room.readSeq) return room;
      const mentions = room.mentions + (frame.mentions?.includes(me) ? 1 : 0);
      return { ...room, unread: room.unread + 1, mentions };
    }
    case 'edited':
    case 'deleted': {
      if (isCounted || frame.target <= room.readSeq) return room;
      const [was, is] = [before, room].map((one) => isNamedIn(one, frame.target, me));
      return { ...room, mentions: Math.max(0, room.mentions + Number(is) - Number(was)) };
    }
    case 'system':
      return letsIn(room, frame, me) && frame.seq > room.readSeq ? { ...room, ...read } : room;
    default:
      return room;
  }
}

/**
 * Whether an event made the user a member: what was said before is read.
 * @param {Room} room
 * @param {import('../wire.js').SystemFrame} frame
 * @param {string} me
 */
function letsIn(room, { event, username }, me) {
  if (event === 'created') return username === me || room.kind === 'direct';
  return username === me && (event === 'joined' || event === 'invited');
}

/**
 * Counts again from the messages, if all that are unread are held and no event that the server
 * counted is still to come. A message of a page whose event is still to come counts with its event.
 * @param {Room} room
 * @param {string} me
 * @returns {Room}
 */
export function recount(room, me) {
  const isWhole = room.heardSeq >= room.countedSeq && room.liveAfter <= room.readSeq;
  if (!isWhole || room.closed) return room;
  const unread = room.entries.filter(
    (entry) => entry.kind === 'message' && entry.seq > room.readSeq && entry.seq <= room.heardSeq,
  );
  const named = unread.filter((entry) => entry.kind === 'message' && entry.mentions.includes(me));
  if (unread.length === room.unread && named.length === room.mentions) return room;
  return { ...room, unread: unread.length, mentions: named.length };
}

/**
 * The user has read up to there, on whichever screen.
 * @param {Room} room
 * @param {import('../wire.js').ReadFrame} frame
 * @param {string} me
 * @returns {Room}
 */
export function takeRead(room, frame, me) {
  if (frame.seq < room.readSeq) return room;
  const { seq, unread = 0, mentions = 0 } = frame;
  return recount({ ...room, readSeq: seq, unread, mentions }, me);
}

/** The reader has seen this event. @param {Room} room @param {number} seq @returns {Room} */
export function see(room, seq) {
  return seq > room.seenSeq ? { ...room, seenSeq: seq } : room;
}

/** Whether the server does not know yet how far the user has read. @param {Room} room */
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
