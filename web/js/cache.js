// Keeps what the page knows in the browser, so that it opens at once, and without a server too.

import { emptyRoom } from './state/room.js';
import { ownedKey, readKeptJson, writeKept, writeOwned } from './storage.js';

/** Rooms whose messages are kept, those that were read last. */
const ROOMS_MAX = 12;
/** Messages kept of each of them. */
const ENTRIES_MAX = 25;
/** Names the user whose cache is read at the next start. */
const LAST_OWNER = 'last-owner';
const VERSION = 3;

/** @typedef {import('./state/initial.js').State} State */
/** @typedef {import('./state/room.js').Room} Room */
/** @typedef {import('./state/entries.js').Message} Message */
/** @typedef {import('./state/entries.js').Line} Line */
/** @typedef {import('./state/entries.js').Reaction} Reaction */
/** @typedef {import('./state/people.js').Person} Person */
/** @typedef {Pick<State, 'current'|'rooms'|'blocked'> & {log: string}} Known */

/** @param {State} state */
export function saveCache(state) {
  if (state.screen !== 'chat' || !state.log || !state.me || state.stranger) return;
  const { me, log, current } = state;
  let left = ROOMS_MAX;
  const rooms = [...state.rooms.values()]
    .filter((room) => !room.closed)
    .reverse()
    .sort((a, b) => Number(b.name === current) - Number(a.name === current))
    .map((room) => outline(room, room.history === 'ready' && (left -= 1) >= 0))
    .reverse();
  const owner = { username: me.username, log };
  writeOwned('cache', owner, '', {
    version: VERSION,
    me,
    current,
    rooms,
    blocked: [...state.blocked],
  });
  writeKept('localStorage', LAST_OWNER, JSON.stringify(owner));
}

/**
 * Reads the cache of the user who was here last.
 * @returns {{me: import('./state/initial.js').Me, known: Known}|null}
 */
export function loadCache() {
  writeKept('localStorage', 'known', null);
  try {
    const owner = readKeptJson('localStorage', LAST_OWNER);
    const saved = readKeptJson('localStorage', ownedKey('cache', owner));
    if (saved?.version !== VERSION || saved.me.username !== owner.username) return null;
    const rooms = new Map(
      saved.rooms.map((/** @type {Outline} */ room) => [room.name, revive(room)]),
    );
    const { me, current, blocked } = saved;
    return { me, known: { log: owner.log, current, rooms, blocked: new Set(blocked) } };
  } catch {
    return null;
  }
}

/** Forgets the cache of a user, and that they were here last. @param {State} state */
export function forgetCache({ me, log }) {
  if (me && log) writeOwned('cache', { username: me.username, log }, '', null);
  writeKept('localStorage', LAST_OWNER, null);
}

/**
 * Returns what is kept of a room.
 * @param {Room} room
 * @param {boolean} whole with its last messages
 * @returns {Outline}
 */
function outline(room, whole) {
  const {
    name,
    kind,
    topic,
    role,
    members,
    lastSeq,
    readSeq,
    unread,
    mentions,
    countedSeq,
    seenSeq,
  } = room;
  const about = {
    name,
    kind,
    topic,
    role,
    members,
    with: room.with,
    lastSeq,
    readSeq,
    unread,
    mentions,
    countedSeq,
    seenSeq,
  };
  if (!whole) return about;
  const numbered = room.entries.filter((entry) => entry.seq !== undefined);
  const entries = numbered
    .slice(-ENTRIES_MAX)
    .map((entry) =>
      entry.kind === 'message' ? { ...entry, reactions: [...entry.reactions] } : entry,
    );
  const names = new Set(entries.map((entry) => (entry.kind === 'message' ? entry.username : '')));
  const people = [...room.people.values()].filter(
    (person) => names.has(person.username) || person.username === room.with,
  );
  return {
    ...about,
    former: [...room.former.values()].filter((person) => names.has(person.username)),
    history: 'ready',
    cursor: room.cursor,
    entries,
    people,
    moreBefore: room.moreBefore || numbered.length > ENTRIES_MAX,
  };
}

/**
 * A room as it is kept: its description, and for some rooms the last messages.
 * @typedef {Omit<Message, 'reactions'> & {reactions: [string, Reaction][]}} KeptMessage
 * @typedef {Omit<Partial<Room>, 'entries'|'people'|'former'> & {
 *   name: string, entries?: (KeptMessage|Line)[], people?: Person[], former?: Person[],
 * }} Outline
 */

/** The room that was kept. @param {Outline} saved @returns {Room} */
function revive(saved) {
  const entries = (saved.entries ?? []).map((entry) =>
    entry.kind === 'message' ? { ...entry, reactions: new Map(entry.reactions) } : entry,
  );
  const people = new Map(
    (saved.people ?? []).map((person) => [person.username, { ...person, online: false }]),
  );
  const former = new Map((saved.former ?? []).map((person) => [person.username, person]));
  const liveAfter = (entries[0]?.seq ?? (saved.cursor ?? 0) + 1) - 1;
  return {
    ...emptyRoom(saved.name),
    liveAfter,
    heardSeq: saved.cursor ?? 0,
    ...saved,
    entries,
    people,
    former,
  };
}
