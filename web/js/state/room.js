// One room as the page knows it: a fold of its log's end, and what waits to be sent. `past.js`
// looks further back.
// Pure: no clock, no randomness, no browser, so that tests can drive every path.

import { keyOf, toLine, toMessage, withChange } from './entries.js';
import { follow, keepForRoster } from './people.js';
import { count, recount } from './unread.js';

/** Events held back behind a gap or an unfinished first page; above it the room is read again. */
export const HELD_EVENTS_MAX = 1000;
/** Edits, deletes and reactions remembered for history pages that were taken before them. */
export const CHANGES_MAX = 500;
/** Entries that a trim of the live end keeps. */
export const LIVE_KEPT = 100;
/** Lines kept such as "ann joined the chat", which no page of history has. */
export const PASSING_LINES_MAX = 50;

/** @typedef {import('./entries.js').Entry} Entry */
/** @typedef {import('./past.js').Past} Past */
/** @typedef {import('../wire.js').NumberedFrame} NumberedFrame */
/** @typedef {ReturnType<typeof emptyRoom>} Room */
/** @typedef {'queued'|'sending'|'stored'|'failed'} PendingStatus */
/**
 * @typedef {{
 *   nonce: string, text: string, ts: number, replyTo: number|null, status: PendingStatus,
 *   error?: string, seq?: number,
 * }} Pending
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
    /** Up to where the server's description counts. */ countedSeq: 0,
    /** The last event that came, or that the description tells of. */ heardSeq: 0,
    /** Every message above this is in `entries`. */ liveAfter: 0,
    /** Up to where the reader has seen. */ seenSeq: 0,
    /** @type {Asking} */ marking: 'idle',
    /** @type {number|null} the "new messages" line is behind it */ newFrom: null,
    /** The last event that `entries` show. */ cursor: 0,
    /** @type {Asking|'ready'} */ history: 'idle',
    /** @type {Asking} */ older: 'idle',
    /** @type {Asking} */ catchUp: 'idle',
    /** @type {Asking|'ready'} */ roster: 'idle',
    rosterAfter: '',
    rosterPages: 0,
    /**
     * The events since the first page of members was asked for.
     * @type {import('./people.js').RosterFrame[]|null}
     */
    rosterEvents: null,
    /** @type {Map<string, import('./people.js').Person>} the pages so far */
    rosterFound: new Map(),
    /** Whether all members are known. */ allPeople: false,
    /** @type {Set<string>} */ muted: new Set(),
    /** @type {{until: number|null}|null} that the user may only read */ mute: null,
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
    /** @type {Map<string, import('./people.js').Person>} who was here before */ former: new Map(),
    /** @type {number|null} */ onlineCount: null,
    /** @type {{names: string[], until: number}} */ typing: { names: [], until: 0 },
  };
}

/**
 * Takes over the server's description of a room.
 * @param {Room} room
 * @param {Partial<import('../wire.js').RoomInfo>} info
 * @returns {Room}
 */
export function describe(room, info) {
  const lastSeq = info.last_seq ?? room.lastSeq;
  return {
    ...(isResumed(room) ? { ...room, heardSeq: room.cursor } : emptied(room, lastSeq)),
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
 * Whether a new connection asks for the events that were missed: it does in rooms of which some are
 * held. For other rooms the server's description is enough.
 * @param {Room} room
 */
export function isResumed(room) {
  if (room.history === 'ready') return true;
  return room.history === 'idle' && room.entries.some((entry) => entry.seq !== undefined);
}

/**
 * The room without its log, whose events above `seq` follow.
 * @param {Room} room
 * @param {number} seq
 * @returns {Room}
 */
function emptied(room, seq) {
  const passing = room.entries.filter((entry) => entry.kind === 'system' && entry.passing);
  const at = { cursor: seq, heardSeq: seq, liveAfter: seq, moreBefore: seq > 0 };
  return { ...room, ...at, entries: passing, held: [], changes: [] };
}

/**
 * Forgets the room's log and its members, and keeps what the user has still to send.
 * @param {Room} room
 * @param {number} [seq] the last event that does not follow
 * @returns {Room}
 */
export function forget(room, seq = room.lastSeq) {
  const isOpen = room.history !== 'idle';
  return {
    ...emptied({ ...room, entries: [] }, seq),
    lastSeq: Math.max(room.lastSeq, seq),
    countedSeq: Math.max(room.countedSeq, seq),
    history: isOpen ? 'wanted' : 'idle',
    roster: isOpen ? 'wanted' : 'idle',
    rosterPages: 0,
    rosterAfter: '',
    rosterEvents: null,
    people: new Map(),
    allPeople: false,
    older: 'idle',
    catchUp: 'idle',
    error: '',
    past: null,
    target: null,
    quotes: new Map(),
  };
}

/**
 * Takes a numbered event in, in order and once. In a room that is read, one behind a gap is held
 * until its predecessors come.
 * @param {Room} room
 * @param {NumberedFrame} frame
 * @param {string} me
 * @returns {Room}
 */
export function takeEvent(room, frame, me) {
  if (room.closed || frame.seq <= room.heardSeq) return room;
  if (room.history === 'ready') {
    if (room.held.length >= HELD_EVENTS_MAX) return forget(room);
    return settle({ ...room, held: [...room.held, frame] }, me);
  }
  const next = step(room, frame, me);
  if (room.history === 'idle') return shorten(next);
  return next.entries.length > HELD_EVENTS_MAX ? forget(next) : next;
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
    if (frame.seq > next.cursor + 1) {
      const catchUp = next.catchUp === 'asked' ? 'asked' : 'wanted';
      return { ...next, held: waiting.slice(at), catchUp };
    }
    next = step(next, frame, me);
  }
  return next;
}

/**
 * Takes one event that follows: what it shows, whom it lets in or out, and what it leaves unread. A
 * page may have shown it already.
 * @param {Room} room
 * @param {NumberedFrame} frame
 * @param {string} me
 * @returns {Room}
 */
function step(room, frame, me) {
  const { seq } = frame;
  if (seq <= room.heardSeq) return room;
  const wasShown = seq <= room.cursor;
  const applied = wasShown ? room : apply(room, frame, me);
  const people =
    frame.type === 'system' ? follow(keepForRoster(applied, frame), frame, me) : applied;
  const next = {
    ...count(room, people, frame, me),
    heardSeq: seq,
    cursor: Math.max(room.cursor, seq),
    lastSeq: Math.max(room.lastSeq, seq),
  };
  const isChange = frame.type === 'edited' || frame.type === 'deleted';
  return wasShown || isChange || seq === room.countedSeq ? recount(next, me) : next;
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
  return next.catchUp === 'wanted' && next.cursor === before ? forget(next, 0) : next;
}

/**
 * The first page of history: the room begins at what it shows.
 * @param {Room} room
 * @param {import('../wire.js').HistoryFrame} frame
 * @param {string} me
 * @returns {Room}
 */
export function takeLatest(room, frame, me) {
  /** @type {Entry[]} */
  const messages = frame.messages.map(toMessage);
  const page = room.changes.reduce((list, change) => withChange(list, change, me), messages);
  const known = new Set(page.map((entry) => entry.key));
  const pending = room.pending.filter(
    (p) => !known.has(keyOf(me, p.nonce)) && !(p.seq && p.seq <= frame.as_of),
  );
  const isAbove = (/** @type {Entry} */ { seq }) => seq === undefined || seq > frame.as_of;
  const first = page[0]?.seq ?? frame.as_of + 1;
  const next = {
    ...room,
    history: /** @type {const} */ ('ready'),
    error: '',
    entries: [...page, ...room.entries.filter(isAbove)],
    pending,
    moreBefore: Boolean(frame.more_before),
    liveAfter: frame.more_before ? first - 1 : 0,
    cursor: Math.max(room.cursor, frame.as_of),
    lastSeq: Math.max(room.lastSeq, frame.as_of),
    catchUp: /** @type {const} */ ('idle'),
    older: /** @type {const} */ ('idle'),
  };
  return recount(settle(next, me), me);
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

/**
 * Keeps the live end short.
 * @param {Room} room
 * @returns {Room}
 */
export function shorten(room) {
  if (room.entries.length <= LIVE_KEPT) return room;
  const entries = room.entries.slice(-LIVE_KEPT);
  const first = entries.find((entry) => entry.seq !== undefined)?.seq ?? room.cursor + 1;
  return { ...room, entries, moreBefore: true, liveAfter: Math.max(room.liveAfter, first - 1) };
}
