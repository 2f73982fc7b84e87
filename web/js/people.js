// Who is in a room and who is online: the answers to `members`, and the changes told since.

/** Pages of `members` read when a room opens. */
export const ROSTER_PAGES_MAX = 10;

/** @typedef {import('./room.js').Room} Room */

/** @param {Room} room @param {any} frame @returns {Room} */
export function takeMembers(room, frame) {
  const people = new Map(room.rosterPages === 0 ? [] : room.people);
  for (const person of frame.members) people.set(person.username, person);
  const pages = room.rosterPages + 1;
  const more = Boolean(frame.more) && frame.members.length > 0 && pages < ROSTER_PAGES_MAX;
  return {
    ...room, people, rosterPages: more ? pages : 0, roster: more ? 'wanted' : 'ready',
    rosterAfter: more ? frame.members[frame.members.length - 1].username : '',
  };
}

/** @param {Room} room @param {any} frame @returns {Room} */
export function takePresence(room, frame) {
  const people = new Map(room.people);
  const set = (/** @type {string} */ name, /** @type {boolean} */ online) => {
    const person = people.get(name) ?? { username: name, display_name: name, role: 'member' };
    people.set(name, { ...person, online });
  };
  for (const name of frame.online ?? []) set(name, true);
  for (const name of frame.offline ?? []) if (people.has(name)) set(name, false);
  // Big rooms are told the number alone; then it is all there is to show.
  const counted = !frame.online?.length && !frame.offline?.length;
  return { ...room, people, onlineCount: counted ? frame.count ?? null : null };
}

/** @param {Room} room @param {any} frame @returns {Room} */
export function takeProfile(room, frame) {
  const person = room.people.get(frame.username);
  if (!person) return room;
  const people = new Map(room.people);
  people.set(frame.username, { ...person, display_name: frame.display_name ?? person.display_name, avatar: frame.avatar ?? person.avatar });
  return { ...room, people };
}
