// Rooms that the user is no longer in. Such a room stays on the screen, and in the list while it
// holds something that the user wrote, so that nothing typed there can reach another room. Pure.

import { draftOf, emptyDraft, holdsText, setDraft } from './drafts.js';

/** @typedef {import('./initial.js').State} State */
/** @typedef {import('./room.js').Room} Room */
/**
 * @typedef {{event: 'kicked'|'banned'|'left'|'gone', by: string|null, until: number|null}} Removal
 */

const REMOVALS = ['kicked', 'banned', 'left'];

/**
 * Remembers who removed the user from a room and until when, because `room_gone`, which follows,
 * does not say it.
 * @param {Room} room
 * @param {import('../wire.js').SystemFrame} frame
 * @param {string} me
 * @returns {Room}
 */
export function noteRemoval(room, frame, me) {
  if (frame.username !== me) return room;
  if (!REMOVALS.includes(frame.event)) return room.removal ? { ...room, removal: null } : room;
  const event = /** @type {Removal['event']} */ (frame.event);
  return { ...room, removal: { event, by: frame.by ?? null, until: frame.until ?? null } };
}

/**
 * Makes a room read-only. Messages that wait there fail.
 * @param {Room} room
 * @param {string} error why a waiting message is not sent
 * @returns {Room}
 */
export function close(room, error) {
  return {
    ...room,
    closed: room.removal ?? { event: 'gone', by: null, until: null },
    unread: 0,
    mentions: 0,
    typing: { names: [], until: 0 },
    pending: room.pending
      .filter((p) => p.status !== 'stored')
      .map((p) => ({ ...p, status: 'failed', error })),
  };
}

/**
 * Whether the user wrote something there that is neither sent nor discarded.
 * @param {State} state
 * @param {Room} room
 */
export function holdsUnsent(state, room) {
  return room.pending.length > 0 || holdsText(draftOf(state, room.name));
}

/**
 * Removes a closed room from the list, with what was written there.
 * @param {State} state
 * @param {string} name
 * @returns {State}
 */
export function dropClosed(state, name) {
  const rooms = new Map(state.rooms);
  rooms.delete(name);
  return setDraft({ ...state, rooms }, name, emptyDraft);
}
