// A bounded window into a room's past. It moves with the reader, page by page, and joins the live end where it meets it.

import { indexOf, toMessage, withChange } from './entries.js';

/** Entries shown at a time. */
export const WINDOW_MAX = 200;
/** What a trim of the live end leaves. */
export const LIVE_KEPT = 100;

/** @typedef {import('./room.js').Room} Room */
/** @typedef {import('./entries.js').Entry} Entry */
/** @typedef {import('../wire.js').HistoryFrame} HistoryFrame */
/**
 * @typedef {{
 *   status: 'wanted'|'asked'|'ready'|'failed', around: number, entries: Entry[], moreBefore: boolean, error: string,
 *   older: import('./room.js').Asking, newer: import('./room.js').Asking,
 * }} Past its newest entry always has newer ones behind it
 */

/** What the timeline shows of the log. @param {Room} room @returns {Entry[]} */
export function shown(room) {
  return room.past?.status === 'ready' ? room.past.entries : room.entries;
}

/** Wants the page above, where there is one. @param {Room} room @returns {Room} */
export function wantOlder(room) {
  const { past } = room;
  if (past?.status === 'ready') {
    return past.moreBefore && past.older !== 'asked'
      ? { ...room, past: { ...past, older: 'wanted' } }
      : room;
  }
  return room.moreBefore && room.history === 'ready' && room.older !== 'asked'
    ? { ...room, older: 'wanted' }
    : room;
}

/** Wants the page below. @param {Room} room @returns {Room} */
export function wantNewer(room) {
  const { past } = room;
  return past?.status === 'ready' && past.newer !== 'asked'
    ? { ...room, past: { ...past, newer: 'wanted' } }
    : room;
}

/**
 * An older page. It may have been taken before changes that we have seen already.
 * @param {Room} room
 * @param {HistoryFrame} frame
 * @param {string} me
 * @returns {Room}
 */
export function takeOlder(room, frame, me) {
  const { past } = room;
  const base = past?.status === 'ready' ? past.entries : room.entries;
  const entries = [...fresh(room, frame, base, me), ...base];
  const moreBefore = Boolean(frame.more_before) && frame.messages.length > 0;
  if (past?.status === 'ready') {
    return {
      ...room,
      past: { ...past, older: 'idle', moreBefore, entries: entries.slice(0, WINDOW_MAX) },
    };
  }
  if (entries.length <= WINDOW_MAX) return { ...room, older: 'idle', moreBefore, entries };
  return detach({ ...room, older: 'idle', moreBefore, entries });
}

/** @param {Room} room @param {HistoryFrame} frame @param {string} me @returns {Room} */
export function takeNewer(room, frame, me) {
  const { past } = room;
  if (past?.status !== 'ready') return room;
  const all = [...past.entries, ...fresh(room, frame, past.entries, me)];
  const next = {
    ...past,
    newer: /** @type {const} */ ('idle'),
    entries: all.slice(-WINDOW_MAX),
    moreBefore: past.moreBefore || all.length > WINDOW_MAX,
  };
  return join({ ...room, past: next }, !frame.more_after);
}

/**
 * The page around a message that was jumped to.
 * @param {Room} room
 * @param {HistoryFrame} frame
 * @param {string} me
 * @returns {Room}
 */
export function takeAround(room, frame, me) {
  const { past } = room;
  if (!past) return room;
  const entries = fresh(room, frame, [], me);
  if (indexOf(entries, past.around) < 0) {
    return {
      ...room,
      past: { ...past, status: 'failed', error: 'This message is not there any more.' },
    };
  }
  const next = {
    ...past,
    status: /** @type {const} */ ('ready'),
    entries,
    moreBefore: Boolean(frame.more_before),
  };
  return join(aim({ ...room, past: next }, past.around), !frame.more_after);
}

/**
 * Shows a message: where it is loaded at once, else by its page.
 * @param {Room} room
 * @param {number} seq
 * @returns {Room}
 */
export function jump(room, seq) {
  if (indexOf(shown(room), seq) >= 0) return aim(room, seq);
  if (indexOf(room.entries, seq) >= 0) return aim(toEnd(room), seq);
  return {
    ...room,
    past: {
      status: 'wanted',
      around: seq,
      entries: [],
      moreBefore: false,
      error: '',
      older: 'idle',
      newer: 'idle',
    },
  };
}

/** Back to the live end. @param {Room} room @returns {Room} */
export function toEnd(room) {
  return room.past || room.target ? { ...room, past: null, target: null } : room;
}

/**
 * Keeps the live end short. Who reads further up keeps what they read.
 * @param {Room} room
 * @param {boolean} following
 * @returns {Room}
 */
export function trim(room, following) {
  if (room.past || room.entries.length <= WINDOW_MAX || room.older === 'asked') return room;
  return following ? shorten(room) : detach(room);
}

/** @param {Room} room @returns {Room} */
function detach(room) {
  const entries = room.entries.filter((entry) => entry.seq !== undefined).slice(0, WINDOW_MAX);
  return {
    ...shorten(room),
    past: {
      status: 'ready',
      around: 0,
      entries,
      moreBefore: room.moreBefore,
      error: '',
      older: 'idle',
      newer: 'idle',
    },
  };
}

/** @param {Room} room @returns {Room} */
function shorten(room) {
  return room.entries.length > LIVE_KEPT
    ? { ...room, entries: room.entries.slice(-LIVE_KEPT), moreBefore: true }
    : room;
}

/**
 * The window becomes the live end once it reaches it.
 * @param {Room} room
 * @param {boolean} reached
 * @returns {Room}
 */
function join(room, reached) {
  const past = /** @type {Past} */ (room.past);
  const first = room.entries.find((entry) => entry.seq !== undefined)?.seq ?? Infinity;
  const last = past.entries.at(-1)?.seq ?? 0;
  if (room.history !== 'ready' || (!reached && last < first)) return room;
  const all = [
    ...past.entries,
    ...room.entries.filter((entry) => entry.seq === undefined || entry.seq > last),
  ];
  return {
    ...room,
    past: null,
    entries: all.slice(-WINDOW_MAX),
    moreBefore: past.moreBefore || all.length > WINDOW_MAX,
  };
}

/** @param {Room} room @param {number} seq @returns {Room} */
function aim(room, seq) {
  return { ...room, target: { seq, jump: (room.target?.jump ?? 0) + 1 } };
}

/**
 * The messages of a page that are not shown yet, with the changes they missed.
 * @param {Room} room
 * @param {HistoryFrame} frame
 * @param {Entry[]} known
 * @param {string} me
 * @returns {Entry[]}
 */
function fresh(room, frame, known, me) {
  const keys = new Set(known.map((entry) => entry.key));
  /** @type {Entry[]} */
  const messages = frame.messages.map(toMessage).filter((entry) => !keys.has(entry.key));
  return room.changes.reduce((folded, change) => withChange(folded, change, me), messages);
}
