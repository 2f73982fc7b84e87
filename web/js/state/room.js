// One room as the page knows it: a fold of its log's end, and what waits to be sent. `past.js` looks further back.
// Pure: no clock, no randomness, no browser, so that tests can drive every path.

import { keyOf, toLine, toMessage, withChange } from './entries.js';
import { membership } from './people.js';
import { count } from './unread.js';

/** Events held back behind a hole or an unfinished first page; past it the room is read anew. */
export const HELD_EVENTS_MAX = 1000;
/** Edits, deletes and reactions remembered for history pages that were taken before them. */
export const CHANGES_MAX = 500;
/** Lines such as "ann joined the chat", which no history brings back. */
export const PASSING_LINES_MAX = 50;

/** @typedef {import('./entries.js').Entry} Entry */
/** @typedef {import('./past.js').Past} Past */
/** @typedef {import('../wire.js').NumberedFrame} NumberedFrame */
/** @typedef {ReturnType<typeof emptyRoom>} Room */
/** @typedef {'queued'|'sending'|'stored'|'failed'} PendingStatus */
/**
 * @typedef {{nonce: string, text: string, ts: number, replyTo: number|null, status: PendingStatus, error?: string, seq?: number}} Pending
 */
/** @typedef {'idle'|'wanted'|'asked'|'failed'} Asking */

/** @param {string} name */
export function emptyRoom(name) {
  return {
    name,
    kind: /** @type {import('../wire.js').RoomKind} */ ('public'),
    topic: '',
    role: /** @type {import('../wire.js').Role} */ ('member'),
    members: 0,
    /** @type {string|null} in a direct room, the other one */ with: null,
    lastSeq: 0,
    readSeq: 0,
    unread: 0,
    mentions: 0,
    /** Up to where `unread` counts. */ countedSeq: 0,
    /** Up to where the reader has seen. */ seenSeq: 0,
    /** @type {Asking} */ marking: 'idle',
    /** @type {number|null} the "new messages" line stands behind it */ newFrom: null,
    cursor: 0,
    /** @type {Asking|'ready'} */ history: 'idle',
    /** @type {Asking} */ older: 'idle',
    /** @type {Asking} */ catchUp: 'idle',
    /** @type {Asking|'ready'} */ roster: 'idle',
    rosterAfter: '',
    rosterPages: 0,
    moreBefore: false,
    error: '',
    linesMade: 0,
    /** @type {Entry[]} the end of the log, oldest first */ entries: [],
    /** @type {Past|null} what is shown instead, further back */ past: null,
    /** @type {{seq: number, jump: number}|null} the message to show */ target: null,
    /** @type {Pending[]} what we wrote and is not in the log yet */ pending: [],
    /** @type {import('./closed.js').Removal|null} that the user is not in it */ closed: null,
    /** @type {import('./closed.js').Removal|null} what may close it */ removal: null,
    /** Whether the user asked to leave it, on this page. */ leaving: false,
    /** How often the view was to begin at the first unread message. */ landings: 0,
    /** @type {NumberedFrame[]} */ held: [],
    /** @type {import('../wire.js').Change[]} */ changes: [],
    /** @type {Map<number, import('./quotes.js').Quote>} */ quotes: new Map(),
    /** @type {Map<string, import('./people.js').Person>} */ people: new Map(),
    /** @type {number|null} */ onlineCount: null,
    /** @type {{names: string[], until: number}} */ typing: { names: [], until: 0 },
  };
}

/**
 * Takes over what a ROOM frame says.
 * @param {Room} room
 * @param {Partial<import('../wire.js').RoomInfo>} info
 * @returns {Room}
 */
export function describe(room, info) {
  return {
    ...room,
    kind: info.kind ?? room.kind,
    topic: info.topic ?? '',
    role: info.role ?? room.role,
    with: info.with ?? room.with,
    members: info.members ?? room.members,
    lastSeq: info.last_seq ?? room.lastSeq,
    readSeq: info.read_seq ?? room.readSeq,
    unread: info.unread ?? room.unread,
    mentions: info.mentions ?? room.mentions,
    countedSeq: info.last_seq ?? room.countedSeq,
    marking: 'idle',
    seenSeq: info.read_seq ?? room.seenSeq,
    closed: null,
    removal: null,
    leaving: false,
  };
}

/**
 * Forgets the room's log, and keeps what the reader has still to send.
 * @param {Room} room
 * @returns {Room}
 */
export function forget(room) {
  return {
    ...room,
    cursor: 0,
    history: room.history === 'idle' ? 'idle' : 'wanted',
    older: 'idle',
    catchUp: 'idle',
    moreBefore: false,
    error: '',
    entries: [],
    past: null,
    target: null,
    held: [],
    changes: [],
    quotes: new Map(),
  };
}

/**
 * Takes a numbered event in: in order, once, or held until its predecessors come.
 * @param {Room} room
 * @param {NumberedFrame} frame
 * @param {string} me
 * @returns {Room}
 */
export function takeEvent(room, frame, me) {
  if (room.closed) return room;
  if (room.history === 'idle') {
    return { ...count(room, frame, me), lastSeq: Math.max(room.lastSeq, frame.seq) };
  }
  if (room.history === 'ready' && frame.seq <= room.cursor) return room;
  if (room.held.length >= HELD_EVENTS_MAX) return forget(room);
  return settle({ ...room, held: [...room.held, frame] }, me);
}

/**
 * Applies held events as far as they follow on, and asks for what is missing.
 * @param {Room} room
 * @param {string} me
 * @returns {Room}
 */
function settle(room, me) {
  if (room.history !== 'ready') return room;
  /** @type {Room} */
  let next = { ...room, held: [] };
  const waiting = [...room.held].sort((a, b) => a.seq - b.seq);
  for (const [at, frame] of waiting.entries()) {
    if (frame.seq <= next.cursor) continue;
    if (frame.seq > next.cursor + 1) {
      return {
        ...next,
        held: waiting.slice(at),
        catchUp: next.catchUp === 'asked' ? 'asked' : 'wanted',
      };
    }
    next = {
      ...apply(count(next, frame, me), frame, me),
      cursor: frame.seq,
      lastSeq: Math.max(next.lastSeq, frame.seq),
    };
  }
  return next;
}

/**
 * The answer to `events`.
 * @param {Room} room
 * @param {import('../wire.js').EventsFrame} frame
 * @param {string} me
 * @returns {Room}
 */
export function takeEvents(room, frame, me) {
  const before = room.cursor;
  const events = /** @type {NumberedFrame[]} */ (frame.events);
  let next = settle({ ...room, catchUp: 'idle', held: [...events, ...room.held] }, me);
  if (frame.more && next.catchUp === 'idle') next = { ...next, catchUp: 'wanted' };
  // A server that has nothing after our cursor, yet sent us a later number, speaks of another log.
  return next.catchUp === 'wanted' && next.cursor === before ? forget(next) : next;
}

/**
 * The first page of history: the room begins at what it shows.
 * @param {Room} room
 * @param {import('../wire.js').HistoryFrame} frame
 * @param {string} me
 * @returns {Room}
 */
export function takeLatest(room, frame, me) {
  const entries = frame.messages.map(toMessage);
  const known = new Set(entries.map((entry) => entry.key));
  const pending = room.pending.filter(
    (p) => !known.has(keyOf(me, p.nonce)) && !(p.seq && p.seq <= frame.as_of),
  );
  const passing = room.entries.filter((entry) => entry.kind === 'system' && entry.passing);
  return settle(
    {
      ...room,
      history: 'ready',
      error: '',
      entries: [...entries, ...passing],
      pending,
      moreBefore: Boolean(frame.more_before),
      cursor: frame.as_of,
      lastSeq: Math.max(room.lastSeq, frame.as_of),
      changes: [],
      catchUp: 'idle',
      older: 'idle',
    },
    me,
  );
}

/**
 * A system line that has no number and so no place in the log.
 * @param {Room} room
 * @param {import('../wire.js').SystemFrame} frame
 * @returns {Room}
 */
export function takePassingLine(room, frame) {
  const line = { ...toLine(frame, `line ${room.linesMade}`), passing: true };
  const passing = room.entries.filter((entry) => entry.kind === 'system' && entry.passing);
  const oldest = passing.length >= PASSING_LINES_MAX ? passing[0] : null;
  return {
    ...room,
    linesMade: room.linesMade + 1,
    entries: [...room.entries.filter((entry) => entry !== oldest), line],
  };
}

/** @param {Room} room @param {NumberedFrame} frame @param {string} me @returns {Room} */
function apply(room, frame, me) {
  switch (frame.type) {
    case 'chat': {
      const pending =
        frame.username === me ? room.pending.filter((p) => p.nonce !== frame.nonce) : room.pending;
      return {
        ...room,
        pending,
        entries: [...room.entries, toMessage(frame)],
        typing: stopped(room.typing, frame.username),
      };
    }
    case 'edited':
    case 'deleted':
    case 'reacted':
      return {
        ...takeChange(room, frame, me),
        changes: [...room.changes, frame].slice(-CHANGES_MAX),
      };
    case 'system':
      return {
        ...room,
        ...membership(room, frame, me),
        entries: [...room.entries, toLine(frame, `seq ${frame.seq}`)],
      };
    default:
      return room;
  }
}

/**
 * @param {Room} room
 * @param {import('../wire.js').Change} change
 * @param {string} me
 * @returns {Room}
 */
function takeChange(room, change, me) {
  const entries = withChange(room.entries, change, me);
  const past = room.past && { ...room.past, entries: withChange(room.past.entries, change, me) };
  const quote = room.quotes.get(change.target);
  if (!quote || quote.status !== 'known' || change.type === 'reacted') {
    return { ...room, entries, past };
  }
  const quotes = new Map(room.quotes).set(change.target, {
    ...quote,
    text: change.type === 'edited' ? change.message : '',
    deleted: change.type === 'deleted',
  });
  return { ...room, entries, past, quotes };
}

/** @param {Room['typing']} typing @param {string} username */
function stopped(typing, username) {
  return typing.names.includes(username)
    ? { ...typing, names: typing.names.filter((name) => name !== username) }
    : typing;
}
