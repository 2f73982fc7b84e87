// The user's rights in a room. The server decides; the page only leaves out what the server would
// reject.

import { indexOf } from './entries.js';
import { shown } from './past.js';
import { LOBBY } from './names.js';

/** @typedef {import('./initial.js').State} State */
/** @typedef {import('./entries.js').Message} Message */

const RANK = { member: 0, moderator: 1, owner: 2 };

/** @param {State} state @param {import('./room.js').Room} room */
export function rankIn(state, room) {
  if (room.kind === 'direct') return RANK.member;
  return Math.max(RANK[room.role], state.me?.admin ? RANK.moderator : RANK.member);
}

/** @param {State} state @param {import('./room.js').Room} room */
export function mayModerate(state, room) {
  return rankIn(state, room) >= RANK.moderator;
}

/** @param {State} state @param {import('./room.js').Room} room */
export function mayInvite(state, room) {
  return (
    room.kind !== 'direct' &&
    room.name !== LOBBY &&
    (room.kind === 'public' || mayModerate(state, room))
  );
}

/**
 * Returns what the user may do to a person in a room.
 * @param {State} state
 * @param {import('./room.js').Room} room
 * @param {{username: string, role: import('../wire.js').Role}} person
 */
export function rightsOver(state, room, person) {
  const own = rankIn(state, room);
  const self = person.username === state.me?.username;
  const above = room.kind !== 'direct' && !self && own > RANK[person.role];
  const moderates = above && own >= RANK.moderator;
  return {
    mute: moderates,
    ban: moderates,
    kick: moderates && room.name !== LOBBY,
    role: above && RANK[room.role] === RANK.owner,
  };
}

/**
 * A message that is shown in the open room.
 * @param {State} state
 * @param {number} seq
 * @returns {Message|undefined}
 */
export function messageOf(state, seq) {
  const room = state.rooms.get(state.current);
  const entries = room ? shown(room) : [];
  return /** @type {Message|undefined} */ (entries[indexOf(entries, seq)]);
}

/**
 * The user's own last message among those that are shown, which may not be the newest.
 * @param {State} state
 * @returns {Message|undefined}
 */
export function lastOwnMessage(state) {
  const room = state.rooms.get(state.current);
  const isOwn = (/** @type {import('./entries.js').Entry} */ entry) =>
    entry.kind === 'message' && entry.username === state.me?.username && !entry.deleted;
  return /** @type {Message|undefined} */ (room && shown(room).findLast(isOwn));
}

/**
 * Returns what the user may do with a message of the open room that is not deleted.
 * @param {State} state
 * @param {Message} message
 */
export function rightsTo(state, message) {
  const room = state.rooms.get(state.current);
  const edit = message.username === state.me?.username;
  return { edit, remove: edit || (room !== undefined && mayModerate(state, room)) };
}
