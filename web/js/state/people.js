// Who is in a room, who is online and what they are called: the answers to `members`, and the changes told since.

/** Pages of `members` read when a room opens. */
export const ROSTER_PAGES_MAX = 10;

/** @typedef {import('./room.js').Room} Room */
/** @typedef {import('../wire.js').SystemFrame} SystemFrame */
/**
 * @typedef {{username: string, display_name: string, avatar?: string, role: import('../wire.js').Role, online: boolean, bot?: boolean}} Person
 */

/** @param {Room} room @param {import('../wire.js').MembersFrame} frame @returns {Room} */
export function takeMembers(room, frame) {
  /** @type {Map<string, Person>} */
  const people = new Map(room.rosterPages === 0 ? [] : room.people);
  for (const person of frame.members) people.set(person.username, person);
  const pages = room.rosterPages + 1;
  const more = Boolean(frame.more) && frame.members.length > 0 && pages < ROSTER_PAGES_MAX;
  return {
    ...room,
    people,
    rosterPages: more ? pages : 0,
    roster: more ? 'wanted' : 'ready',
    rosterAfter: more ? (frame.members.at(-1)?.username ?? '') : '',
  };
}

/** @param {Room} room @param {import('../wire.js').PresenceFrame} frame @returns {Room} */
export function takePresence(room, frame) {
  const people = new Map(room.people);
  const set = (/** @type {string} */ name, /** @type {boolean} */ online) =>
    people.set(name, { ...(people.get(name) ?? newcomer(name)), online });
  for (const name of frame.online ?? []) set(name, true);
  for (const name of frame.offline ?? []) if (people.has(name)) set(name, false);
  // Big rooms are told the number alone; then it is all there is to show.
  const counted = !frame.online?.length && !frame.offline?.length;
  // What a newcomer is called, and their picture, stands in the roster.
  const isNew = (frame.online ?? []).some((name) => !room.people.has(name));
  return {
    ...room,
    people,
    roster: isNew && room.roster === 'ready' ? 'wanted' : room.roster,
    onlineCount: counted ? (frame.count ?? null) : null,
  };
}

/** @param {Room} room @param {import('../wire.js').ProfileFrame} frame @returns {Room} */
export function takeProfile(room, frame) {
  const person = room.people.get(frame.username);
  if (!person) return room;
  const people = new Map(room.people);
  people.set(frame.username, {
    ...person,
    display_name: frame.display_name ?? person.display_name,
    avatar: frame.avatar ?? person.avatar,
  });
  return { ...room, people };
}

/**
 * What a durable line changes about who is in the room.
 * @param {Room} room
 * @param {SystemFrame} frame
 * @param {string} me
 * @returns {Partial<Room>}
 */
export function membership(room, frame, me) {
  const names = frame.usernames ?? (frame.username ? [frame.username] : []);
  if (frame.event === 'topic') return { topic: frame.topic ?? '' };
  if (frame.event === 'role') {
    return withRoles(room, new Map(names.map((name) => [name, frame.role ?? 'member'])), me);
  }
  const came = frame.event === 'joined' || frame.event === 'invited';
  if (!came && !['left', 'kicked', 'banned'].includes(frame.event)) return {};
  const people = new Map(room.people);
  for (const name of names) {
    if (!came) people.delete(name);
    else if (!people.has(name)) people.set(name, newcomer(name));
  }
  const heir = frame.heir
    ? withRoles({ ...room, people }, new Map([[frame.heir, 'owner']]), me)
    : { people };
  return { ...heir, members: Math.max(0, room.members + (came ? 1 : -1) * names.length) };
}

/** Online first, then by name. @param {Room} room @returns {Person[]} */
export function sortedPeople(room) {
  return [...room.people.values()].sort(
    (a, b) => Number(b.online) - Number(a.online) || displayName(a).localeCompare(displayName(b)),
  );
}

/** @param {Room} room */
export function countOnline(room) {
  if (room.onlineCount !== null) return room.onlineCount;
  let online = 0;
  for (const person of room.people.values()) if (person.online) online += 1;
  return online;
}

/** @param {{username: string, display_name?: string}} person */
export function displayName(person) {
  return person.display_name || person.username;
}

/**
 * @param {Room} room
 * @param {Map<string, any>} roles
 * @param {string} me
 * @returns {Partial<Room>}
 */
function withRoles(room, roles, me) {
  const people = new Map(room.people);
  for (const [name, role] of roles) {
    people.set(name, { ...(people.get(name) ?? newcomer(name)), role });
  }
  return { people, role: roles.get(me) ?? room.role };
}

/** @param {string} username @returns {Person} */
function newcomer(username) {
  return { username, display_name: username, role: 'member', online: false };
}
