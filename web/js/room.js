// One room as the page knows it: a fold of the room's log, and what waits to be sent.
// Pure: no clock, no randomness, no browser, so that tests can drive every path.

/** Events held back behind a hole or an unfinished first page; past it the room is read anew. */
export const HELD_EVENTS_MAX = 1000;
/** Edits, deletes and reactions remembered for history pages that were taken before them. */
export const CHANGES_MAX = 500;
/** Lines such as "ann joined the chat", which no history brings back. */
export const PASSING_LINES_MAX = 100;
/** Where a trim starts, and what it leaves. */
export const ENTRIES_MAX = 1000;
export const ENTRIES_KEPT = 400;

/** @typedef {ReturnType<typeof emptyRoom>} Room */
/** @typedef {{nonce: string, text: string, ts: number, status: 'queued'|'sending'|'stored'|'failed', error?: string, seq?: number}} Pending */

/** @param {string} name */
export function emptyRoom(name) {
  return {
    name, kind: 'public', topic: '', role: 'member', members: 0, lastSeq: 0, readSeq: 0, unread: 0,
    cursor: 0,
    /** @type {'idle'|'wanted'|'asked'|'ready'|'failed'} */ history: 'idle',
    /** @type {'idle'|'wanted'|'asked'|'failed'} */ older: 'idle',
    /** @type {'idle'|'wanted'|'asked'} */ catchUp: 'idle',
    /** @type {'idle'|'wanted'|'asked'|'ready'} */ roster: 'idle',
    rosterAfter: '', rosterPages: 0,
    moreBefore: false, error: '', linesMade: 0,
    /** @type {any[]} what is shown, oldest first */ entries: [],
    /** @type {Pending[]} what we wrote and is not in the log yet */ pending: [],
    /** @type {any[]} */ held: [],
    /** @type {any[]} */ changes: [],
    /** @type {Map<string, any>} */ people: new Map(),
    /** @type {number|null} */ onlineCount: null,
  };
}

/** Takes over what a ROOM frame says. @param {Room} room @param {any} frame @returns {Room} */
export function describe(room, frame) {
  return {
    ...room,
    kind: frame.kind ?? room.kind, topic: frame.topic ?? '', role: frame.role ?? room.role,
    members: frame.members ?? room.members, lastSeq: frame.last_seq ?? room.lastSeq,
    readSeq: frame.read_seq ?? room.readSeq, unread: frame.unread ?? room.unread,
  };
}

/** Forgets the room's log, and keeps what the reader has still to send. @param {Room} room @returns {Room} */
export function forget(room) {
  return {
    ...room, cursor: 0, history: room.history === 'idle' ? 'idle' : 'wanted', older: 'idle', catchUp: 'idle',
    moreBefore: false, error: '', entries: [], held: [], changes: [],
  };
}

/** Takes a numbered event in: in order, once, or held until its predecessors come. @param {Room} room @param {any} frame @param {string} me @returns {Room} */
export function takeEvent(room, frame, me) {
  if (room.history === 'idle') return { ...room, lastSeq: Math.max(room.lastSeq, frame.seq) };
  if (room.history === 'ready' && frame.seq <= room.cursor) return room;
  if (room.held.length >= HELD_EVENTS_MAX) return forget(room);
  return settle({ ...room, held: [...room.held, frame] }, me);
}

/** Applies held events as far as they follow on, and asks for what is missing. @param {Room} room @param {string} me @returns {Room} */
function settle(room, me) {
  if (room.history !== 'ready') return room;
  /** @type {Room} */
  let next = { ...room, held: [] };
  const waiting = [...room.held].sort((a, b) => a.seq - b.seq);
  for (const [at, frame] of waiting.entries()) {
    if (frame.seq <= next.cursor) continue;
    if (frame.seq > next.cursor + 1) {
      return { ...next, held: waiting.slice(at), catchUp: next.catchUp === 'asked' ? 'asked' : 'wanted' };
    }
    next = { ...apply(next, frame, me), cursor: frame.seq, lastSeq: Math.max(next.lastSeq, frame.seq) };
  }
  return next;
}

/** The answer to `events`. @param {Room} room @param {any} frame @param {string} me @returns {Room} */
export function takeEvents(room, frame, me) {
  const before = room.cursor;
  let next = settle({ ...room, catchUp: 'idle', held: [...frame.events, ...room.held] }, me);
  if (frame.more && next.catchUp === 'idle') next = { ...next, catchUp: 'wanted' };
  // A server that has nothing after our cursor, yet sent us a later number, speaks of another log.
  return next.catchUp === 'wanted' && next.cursor === before ? forget(next) : next;
}

/** The first page of history: the room begins at what it shows. @param {Room} room @param {any} frame @param {string} me @returns {Room} */
export function takeLatest(room, frame, me) {
  const entries = frame.messages.map(toEntry);
  const known = new Set(entries.map((/** @type {any} */ entry) => entry.key));
  const pending = room.pending.filter((p) => !known.has(keyOf(me, p.nonce)) && !(p.seq && p.seq <= frame.as_of));
  return settle({
    ...room, history: 'ready', error: '', entries: [...entries, ...room.entries.filter((entry) => entry.passing)], pending, moreBefore: Boolean(frame.more_before),
    cursor: frame.as_of, lastSeq: Math.max(room.lastSeq, frame.as_of), changes: [], catchUp: 'idle', older: 'idle',
  }, me);
}

/** An older page. It may have been taken before changes that we have seen already. @param {Room} room @param {any} frame @param {string} me @returns {Room} */
export function takeOlder(room, frame, me) {
  const shown = new Set(room.entries.map((entry) => entry.key));
  const older = frame.messages.map(toEntry).filter((/** @type {any} */ entry) => !shown.has(entry.key));
  const next = { ...room, older: 'idle', moreBefore: Boolean(frame.more_before) && frame.messages.length > 0, entries: [...older, ...room.entries] };
  return room.changes.reduce((folded, change) => changeTarget(folded, change, me), /** @type {Room} */ (next));
}

/** Drops the oldest entries; they are paged in again when someone scrolls up. @param {Room} room @returns {Room} */
export function trim(room) {
  if (room.entries.length <= ENTRIES_MAX || room.older === 'asked') return room;
  return { ...room, entries: room.entries.slice(-ENTRIES_KEPT), moreBefore: true };
}

/** A system line that has no number and so no place in the log. @param {Room} room @param {any} frame @returns {Room} */
export function takePassingLine(room, frame) {
  const line = { ...toLine(frame, `line ${room.linesMade}`), passing: true };
  const passing = room.entries.filter((entry) => entry.passing);
  const oldest = passing.length >= PASSING_LINES_MAX ? passing[0] : null;
  return { ...room, linesMade: room.linesMade + 1, entries: [...room.entries.filter((entry) => entry !== oldest), line] };
}

/** @param {Room} room @param {any} frame @param {string} me @returns {Room} */
function apply(room, frame, me) {
  switch (frame.type) {
    case 'chat': {
      const entry = toEntry({ ...frame, rev: frame.rev ?? frame.seq });
      const pending = frame.username === me ? room.pending.filter((p) => p.nonce !== frame.nonce) : room.pending;
      return { ...room, pending, entries: [...room.entries, entry] };
    }
    case 'edited': case 'deleted': case 'reacted':
      return { ...changeTarget(room, frame, me), changes: [...room.changes, frame].slice(-CHANGES_MAX) };
    case 'system':
      return { ...room, ...membership(room, frame), entries: [...room.entries, toLine(frame, `seq ${frame.seq}`)] };
    default:
      return room;
  }
}

/** @param {Room} room @param {any} change @param {string} me @returns {Room} */
function changeTarget(room, change, me) {
  const at = room.entries.findIndex((entry) => entry.kind === 'message' && entry.seq === change.target);
  if (at < 0 || room.entries[at].rev >= change.seq) return room;
  const entries = [...room.entries];
  entries[at] = { ...changed(entries[at], change, me), rev: change.seq };
  return { ...room, entries };
}

/** @param {any} entry @param {any} change @param {string} me */
function changed(entry, change, me) {
  if (change.type === 'edited') return { ...entry, text: change.message, editedTs: change.ts };
  if (change.type === 'deleted') return { ...entry, text: '', deleted: true, reactions: new Map() };
  const reactions = new Map(entry.reactions);
  const old = reactions.get(change.emoji) ?? { n: 0, me: false, who: [] };
  const n = old.n + (change.on ? 1 : -1);
  const who = old.who.filter((/** @type {string} */ name) => name !== change.username);
  if (change.on && who.length < 10) who.push(change.username);
  if (n > 0) reactions.set(change.emoji, { n, who, me: change.username === me ? Boolean(change.on) : old.me });
  else reactions.delete(change.emoji);
  return { ...entry, reactions };
}

/** @param {Room} room @param {any} frame @returns {Partial<Room>} */
function membership(room, frame) {
  const names = frame.usernames ?? (frame.username ? [frame.username] : []);
  if (frame.event === 'topic' || frame.event === 'role') return { roster: room.roster === 'ready' ? 'wanted' : room.roster, topic: frame.topic ?? room.topic };
  if (!['joined', 'left', 'kicked', 'banned'].includes(frame.event)) return {};
  const people = new Map(room.people);
  for (const name of names) {
    if (frame.event !== 'joined') people.delete(name);
    else if (!people.has(name)) people.set(name, { username: name, display_name: name, online: false, role: 'member' });
  }
  return { people };
}

/** One key for a message from its first keystroke to its number, so that its row stays the same element. @param {string} username @param {string} nonce */
export function keyOf(username, nonce) {
  return `${username} ${nonce}`;
}

/** @param {any} frame @param {string} key */
function toLine(frame, key) {
  return { kind: 'system', key, seq: frame.seq, ts: frame.ts, text: frame.message ?? '', event: frame.event };
}

/** @param {any} frame */
function toEntry(frame) {
  return {
    kind: 'message', key: frame.nonce ? keyOf(frame.username, frame.nonce) : `seq ${frame.seq}`,
    seq: frame.seq, rev: frame.rev ?? frame.seq, ts: frame.ts, username: frame.username, text: frame.message ?? '',
    bot: Boolean(frame.bot), replyTo: frame.reply_to ?? null, editedTs: frame.edited_ts ?? null, deleted: Boolean(frame.deleted),
    reactions: new Map(Object.entries(frame.reactions ?? {})),
  };
}
