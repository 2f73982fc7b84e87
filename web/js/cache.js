// What the page knew when it was last open, so that it opens at once, and without a server too.

import { emptyRoom } from './state/room.js';
import { readKeptJson, writeKept } from './storage.js';

/** Rooms whose messages are kept, the ones read last, and messages of each. */
const ROOMS_MAX = 12;
const ENTRIES_MAX = 25;
const KEY = 'known';
const VERSION = 1;

/** @typedef {import('./state/initial.js').State} State */
/** @typedef {import('./state/room.js').Room} Room */

/** @param {State} state */
export function saveKnown(state) {
  if (state.screen !== 'chat' || !state.log) return;
  const { me, log, current } = state;
  let left = ROOMS_MAX;
  const rooms = [...state.rooms.values()]
    .reverse()
    .sort((a, b) => Number(b.name === current) - Number(a.name === current))
    .map((room) => outline(room, room.history === 'ready' && (left -= 1) >= 0))
    .reverse();
  writeKept('localStorage', KEY, JSON.stringify({ version: VERSION, me, log, current, rooms }));
}

/** @returns {{me: any, known: {log: string, current: string, rooms: Map<string, Room>}}|null} */
export function loadKnown() {
  try {
    const saved = readKeptJson('localStorage', KEY);
    if (saved?.version !== VERSION || typeof saved.me?.username !== 'string') return null;
    const rooms = new Map(saved.rooms.map((/** @type {any} */ room) => [room.name, revive(room)]));
    return { me: saved.me, known: { log: saved.log, current: saved.current, rooms } };
  } catch {
    return null;
  }
}

export function forgetKnown() {
  writeKept('localStorage', KEY, null);
}

/** @param {Room} room @param {boolean} whole with its last messages */
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
    history: 'ready',
    cursor: room.cursor,
    entries,
    people,
    moreBefore: room.moreBefore || numbered.length > ENTRIES_MAX,
  };
}

/** @param {any} saved @returns {Room} */
function revive(saved) {
  const entries = (saved.entries ?? []).map((/** @type {any} */ entry) =>
    entry.kind === 'message' ? { ...entry, reactions: new Map(entry.reactions) } : entry,
  );
  const people = new Map(
    (saved.people ?? []).map((/** @type {any} */ person) => [
      person.username,
      { ...person, online: false },
    ]),
  );
  return { ...emptyRoom(saved.name), ...saved, entries, people };
}
