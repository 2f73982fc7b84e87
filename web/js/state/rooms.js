// The map of rooms, and changes to one of them. Pure.

import { displayName } from './people.js';
import { LOBBY } from './names.js';
import { dropClosed, holdsUnsent } from './closed.js';
import { atUnread } from './past.js';
import { describe, emptyRoom, forget } from './room.js';

/** @typedef {import('./initial.js').State} State */
/** @typedef {import('./room.js').Room} Room */

/**
 * @param {State} state
 * @param {string} name
 * @param {(room: Room) => Room} change
 * @returns {State}
 */
export function inRoom(state, name, change) {
  const room = state.rooms.get(name);
  if (!room) return state;
  const next = change(room);
  return next === room ? state : { ...state, rooms: new Map(state.rooms).set(name, next) };
}

/** @param {State} state @param {(room: Room) => Room} change @returns {State} */
export function everyRoom(state, change) {
  return { ...state, rooms: new Map([...state.rooms].map(([name, room]) => [name, change(room)])) };
}

/** @param {State} state @param {Partial<import('../wire.js').RoomInfo>[]} infos @returns {State} */
export function addRooms(state, infos) {
  const rooms = new Map(state.rooms);
  for (const info of infos) {
    const name = String(info.room);
    const room = rooms.get(name) ?? emptyRoom(name);
    // A room that was closed is read again, because the events meanwhile were not sent.
    rooms.set(name, describe(room.closed ? { ...forget(room), roster: 'wanted' } : room, info));
  }
  return { ...state, rooms };
}

/**
 * Opens a room where its first unread message is, or at its end.
 * @param {State} state
 * @param {string} name
 * @returns {State}
 */
export function open(state, name) {
  const room = state.rooms.get(name) ?? emptyRoom(name);
  const isNew = room.history !== 'ready' || state.current !== name;
  const hasUnread = room.unread > 0;
  /** @type {Room} */
  const opened = {
    ...(isNew ? atUnread(room) : room),
    newFrom: hasUnread ? room.readSeq : null,
    landings: room.landings + (hasUnread ? 1 : 0),
  };
  if (room.history === 'idle') Object.assign(opened, { history: 'wanted', roster: 'wanted' });
  const next = state.current === name ? state : switchFrom(state);
  return { ...next, current: name, opening: '', rooms: new Map(next.rooms).set(name, opened) };
}

/**
 * Leaves the open room for another. It is at its end when the user comes back. A closed room is
 * removed unless something unsent is left in it.
 * @param {State} state
 * @returns {State}
 */
function switchFrom(state) {
  const room = state.rooms.get(state.current);
  if (room?.closed && !holdsUnsent(state, room)) return dropClosed(state, room.name);
  return inRoom(state, state.current, (room) =>
    room.past || room.newFrom !== null
      ? { ...room, past: null, target: null, newFrom: null }
      : room,
  );
}

/**
 * @param {State} state
 * @param {string} name
 * @param {string} nonce
 * @param {Partial<import('./room.js').Pending>} change
 * @returns {State}
 */
export function inPending(state, name, nonce, change) {
  return inRoom(state, name, (room) => ({
    ...room,
    pending: room.pending.map((p) => (p.nonce === nonce ? { ...p, ...change } : p)),
  }));
}

/** The name that people know a room by. @param {State} state @param {Room} room */
export function titleOf(state, room) {
  return room.with ? nameOf(state, room.with) : room.name;
}

/**
 * Returns a person's display name, as the open room or the lobby knows it.
 * @param {State} state
 * @param {string} username
 */
export function nameOf(state, username) {
  return displayName(personOf(state, username) ?? { username });
}

/** @param {State} state @param {string} username */
export function personOf(state, username) {
  const here = state.rooms.get(state.current);
  const lobby = state.rooms.get(LOBBY);
  return (
    here?.people.get(username) ??
    lobby?.people.get(username) ??
    here?.former.get(username) ??
    lobby?.former.get(username)
  );
}
