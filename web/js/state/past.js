// A bounded window into a room's past. It moves with the reader, page by page, and joins the live
// end where it meets it. Pure.

import { MESSAGE_GONE } from '../messages.js';
import { LATEST_PAGE } from '../wire.js';
import { indexOf, toMessage, withChange } from './entries.js';
import { shorten } from './room.js';
import { recount } from './unread.js';

/** Entries shown at a time. */
export const WINDOW_MAX = 200;

/** @typedef {import('./room.js').Room} Room */
/** @typedef {import('./room.js').Asking} Asking */
/** @typedef {import('./entries.js').Entry} Entry */
/** @typedef {import('../wire.js').HistoryFrame} HistoryFrame */
/**
 * A window around a message (`around`) or behind one (`after`). Its newest entry is never the
 * newest of the room.
 * @typedef {{
 *   status: 'wanted'|'asked'|'ready'|'failed', around: number, after?: number,
 *   entries: Entry[], moreBefore: boolean, error: string, older: Asking, newer: Asking,
 * }} Past
 */

/**
 * Returns the entries that the timeline shows: those of the window if there is one, else the live
 * end. It shows nothing while the page of the first unread messages is on its way.
 * @param {Room} room
 * @returns {Entry[]}
 */
export function shown(room) {
  const { past } = room;
  if (past?.status === 'ready') return past.entries;
  return past?.after === undefined ? room.entries : [];
}

/**
 * The room with a window that begins at its first unread message, unless the live end holds that.
 * @param {Room} room
 * @returns {Room}
 */
export function atUnread(room) {
  if (room.unread === 0 || room.closed) return room;
  const first = room.entries.find((entry) => entry.seq !== undefined)?.seq ?? 0;
  const isHeld = room.history === 'ready' && (first <= room.readSeq + 1 || !room.moreBefore);
  if (isHeld || (room.history !== 'ready' && room.unread < LATEST_PAGE)) return room;
  return { ...room, target: null, past: { ...wanted(0), after: room.readSeq } };
}

/**
 * A window whose page is to be asked for.
 * @param {number} around
 * @returns {Past}
 */
function wanted(around) {
  return {
    status: 'wanted',
    around,
    entries: [],
    moreBefore: false,
    error: '',
    older: 'idle',
    newer: 'idle',
  };
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
 * Takes an older page, which may have been read before changes that came already.
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
  const liveAfter = startOf(entries, moreBefore);
  const next = { ...room, older: /** @type {const} */ ('idle'), moreBefore, liveAfter, entries };
  return recount(entries.length <= WINDOW_MAX ? next : detach(next), me);
}

/**
 * The seq above which the entries have no gap.
 * @param {Entry[]} entries
 * @param {boolean} moreBefore
 */
function startOf(entries, moreBefore) {
  const first = entries.find((entry) => entry.seq !== undefined)?.seq ?? Infinity;
  return moreBefore ? first - 1 : 0;
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
  const behind = past.after !== undefined;
  if (behind && entries.length === 0) return { ...room, past: null };
  if (!behind && indexOf(entries, past.around) < 0) {
    return { ...room, past: { ...past, status: 'failed', error: MESSAGE_GONE } };
  }
  const next = {
    ...past,
    status: /** @type {const} */ ('ready'),
    entries,
    moreBefore: Boolean(frame.more_before),
  };
  const shows = { ...room, past: next };
  return join(behind ? shows : aim(shows, past.around), !frame.more_after);
}

/**
 * Shows a message: at once where it is loaded, else by its page.
 * @param {Room} room
 * @param {number} seq
 * @returns {Room}
 */
export function jump(room, seq) {
  if (indexOf(shown(room), seq) >= 0) return aim(room, seq);
  if (indexOf(room.entries, seq) >= 0) return aim(toEnd(room), seq);
  return { ...room, past: wanted(seq) };
}

/** Back to the live end. @param {Room} room @returns {Room} */
export function toEnd(room) {
  return room.past || room.target ? { ...room, past: null, target: null } : room;
}

/**
 * Keeps the live end short. A reader further up keeps what they read.
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
  const past = { ...wanted(0), status: /** @type {const} */ ('ready'), entries };
  return { ...shorten(room), past: { ...past, moreBefore: room.moreBefore } };
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
  const entries = all.slice(-WINDOW_MAX);
  const moreBefore = past.moreBefore || all.length > WINDOW_MAX;
  return { ...room, past: null, entries, moreBefore, liveAfter: startOf(entries, moreBefore) };
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
