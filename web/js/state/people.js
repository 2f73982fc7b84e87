// The members of a room with their names and whether they are online, folded from the pages of
// `members` and the events since, in any order. Pure.

import { LOBBY } from './names.js';

/** Pages of `members` read when a room opens. */
export const ROSTER_PAGES_MAX = 10;
/** Events kept while the pages of members are on their way. */
export const ROSTER_EVENTS_MAX = 1000;

/** People who left, kept for the names and pictures of their messages. */
export const FORMER_MAX = 200;

/** @typedef {import('./room.js').Room} Room */
/** @typedef {import('../wire.js').SystemFrame} SystemFrame */
/** @typedef {import('../wire.js').Role} Role */
/** @typedef {import('../wire.js').PresenceFrame} PresenceFrame */
/** @typedef {import('../wire.js').ProfileFrame} ProfileFrame */
/** @typedef {SystemFrame|PresenceFrame|ProfileFrame} RosterFrame what changes the members */
/**
 * @typedef {{
 *   username: string, display_name: string, avatar?: string, role: Role, online: boolean,
 *   bot?: boolean, muted?: boolean,
 * }} Person
 */

/**
 * Keeps an event for the pages of members that are on their way.
 * @param {Room} room
 * @param {RosterFrame} frame
 * @returns {Room}
 */
export function keepForRoster(room, frame) {
  if (!room.rosterEvents) return room;
  if (room.rosterEvents.length < ROSTER_EVENTS_MAX) {
    return { ...room, rosterEvents: [...room.rosterEvents, frame] };
  }
  return { ...room, roster: 'wanted', rosterAfter: '', rosterPages: 0, rosterEvents: null };
}

/** The first page of members is asked for. @param {Room} room @returns {Room} */
export function askRoster(room) {
  if (room.rosterPages > 0) return { ...room, roster: 'asked' };
  return { ...room, roster: 'asked', rosterEvents: [], rosterFound: new Map() };
}

/**
 * Takes a page of members, and what came since they were asked for.
 * @param {Room} room
 * @param {import('../wire.js').MembersFrame} frame
 * @param {string} me
 * @returns {Room}
 */
export function takeMembers(room, frame, me) {
  const found = new Map(room.rosterFound);
  const muted = new Set(room.muted);
  for (const person of frame.members) {
    found.set(person.username, person);
    if (person.muted) muted.add(person.username);
    else muted.delete(person.username);
  }
  const pages = room.rosterPages + 1;
  const more = Boolean(frame.more) && frame.members.length > 0 && pages < ROSTER_PAGES_MAX;
  const people = frame.more ? new Map([...room.people, ...found]) : found;
  /** @type {Room} */
  const base = {
    ...withFormer(room, people),
    people: new Map(people),
    muted,
    allPeople: room.allPeople || !frame.more,
  };
  const next = (room.rosterEvents ?? []).reduce(applied, base);
  return counted(
    {
      ...next,
      rosterFound: more ? found : new Map(),
      rosterEvents: more ? room.rosterEvents : null,
      rosterPages: more ? pages : 0,
      roster: more ? 'wanted' : 'ready',
      rosterAfter: more ? (frame.members.at(-1)?.username ?? '') : '',
    },
    me,
  );
}

/** @param {Room} room @param {RosterFrame} frame @returns {Room} */
function applied(room, frame) {
  if (frame.type === 'presence') return setOnline(room, frame);
  return frame.type === 'profile' ? setProfile(room, frame) : setMember(room, frame);
}

/**
 * @param {Room} room
 * @param {PresenceFrame} frame
 * @param {string} me
 * @returns {Room}
 */
export function takePresence(room, frame, me) {
  const next = setOnline(keepForRoster(room, frame), frame);
  // The name and the picture of a newcomer are in the pages of `members`.
  const isNew = [...next.people.keys()].some((name) => !room.people.has(name));
  const roster = isNew && room.roster === 'ready' ? 'wanted' : next.roster;
  return counted({ ...next, roster }, me);
}

/**
 * New accounts come to the lobby without an event of its log; their presence tells of them.
 * @param {Room} room
 * @param {PresenceFrame} frame
 * @returns {Room}
 */
function setOnline(room, frame) {
  const people = new Map(room.people);
  const addsUnknown = room.name === LOBBY || !room.allPeople;
  for (const name of frame.online ?? []) {
    const person = people.get(name) ?? (addsUnknown ? newcomer(name) : null);
    if (person) people.set(name, { ...person, online: true });
  }
  for (const name of frame.offline ?? []) {
    const person = people.get(name);
    if (person) people.set(name, { ...person, online: false });
  }
  // For a large room the server sends only the number.
  const isNumber = !frame.online?.length && !frame.offline?.length;
  return { ...room, people, onlineCount: isNumber ? (frame.count ?? null) : null };
}

/**
 * @param {Room} room
 * @param {ProfileFrame} frame
 * @returns {Room}
 */
export function takeProfile(room, frame) {
  return setProfile(keepForRoster(room, frame), frame);
}

/** @param {Room} room @param {ProfileFrame} frame @returns {Room} */
function setProfile(room, frame) {
  const person = room.people.get(frame.username);
  if (!person) return room;
  const display_name = frame.display_name ?? person.display_name;
  const next = { ...person, display_name, avatar: frame.avatar ?? person.avatar };
  return { ...room, people: new Map(room.people).set(frame.username, next) };
}

/**
 * Applies a durable event to the room's description and members.
 * @param {Room} room
 * @param {SystemFrame} frame
 * @param {string} me
 * @returns {Room}
 */
export function follow(room, frame, me) {
  const { event, username } = frame;
  const wasMember = username !== undefined && room.people.has(username);
  let next = setMember(room, frame);
  if (event === 'topic' || event === 'created') next = { ...next, topic: frame.topic ?? '' };
  if (username === me && event === 'muted') {
    next = { ...next, mute: { until: frame.until ?? null } };
  }
  if (username === me && event === 'unmuted') next = { ...next, mute: null };
  if (event === 'role' && username === me) next = { ...next, role: frame.role ?? next.role };
  if (event === 'left' && frame.heir === me) next = { ...next, role: 'owner' };
  if (event === 'created' && room.kind === 'direct') {
    const other = username === me ? room.with : me;
    if (other) next = withPerson(next, other, 'member');
  }
  const isCounted = (frame.seq ?? 0) <= room.countedSeq;
  return counted(isCounted ? next : countOne(next, frame, wasMember, me), me);
}

/**
 * Counts a member who came or went, where not all members are known.
 * @param {Room} room
 * @param {SystemFrame} frame
 * @param {boolean} wasMember
 * @param {string} me
 * @returns {Room}
 */
function countOne(room, { event, username }, wasMember, me) {
  // The description that came with the user's own entry counts them already.
  const came = (event === 'joined' || event === 'invited') && username !== me && !wasMember;
  const went = ['left', 'kicked', 'banned'].includes(event);
  return { ...room, members: Math.max(0, room.members + Number(came) - Number(went)) };
}

/**
 * Takes the number of members and the user's own role from the members, where all are known.
 * @param {Room} room
 * @param {string} me
 * @returns {Room}
 */
function counted(room, me) {
  if (!room.allPeople) return room;
  return { ...room, members: room.people.size, role: room.people.get(me)?.role ?? room.role };
}

/** @param {Room} room @param {SystemFrame} frame @returns {Room} */
function setMember(room, frame) {
  const { event, username } = frame;
  if (username === undefined) return room;
  switch (event) {
    case 'created': {
      const allPeople = room.allPeople || (frame.seq === 1 && room.name !== LOBBY);
      return withPerson(
        { ...room, allPeople },
        username,
        room.kind === 'direct' ? 'member' : 'owner',
      );
    }
    case 'joined':
    case 'invited': {
      // The next member of a room that nobody owns becomes its owner.
      const isOwned = [...room.people.values()].some((person) => person.role === 'owner');
      return withPerson(room, username, room.allPeople && !isOwned ? 'owner' : 'member');
    }
    case 'left':
    case 'kicked':
    case 'banned': {
      const people = new Map(room.people);
      people.delete(username);
      const next = { ...withFormer(room, people), people };
      return frame.heir ? withChange(next, frame.heir, { role: 'owner' }) : next;
    }
    case 'muted':
    case 'unmuted': {
      const isMuted = event === 'muted';
      const muted = new Set(room.muted);
      if (isMuted) muted.add(username);
      else muted.delete(username);
      return withChange({ ...room, muted }, username, { muted: isMuted });
    }
    case 'role':
      return withChange(room, username, { role: frame.role ?? 'member' });
    default:
      return room;
  }
}

/**
 * Remembers those who are not among the people any more.
 * @param {Room} room
 * @param {Map<string, Person>} people
 * @returns {Room}
 */
function withFormer(room, people) {
  const gone = [...room.people].filter(([username]) => !people.has(username));
  if (gone.length === 0) return room;
  return { ...room, former: new Map([...room.former, ...gone].slice(-FORMER_MAX)) };
}

/** @param {Room} room @param {string} username @param {Partial<Person>} change @returns {Room} */
function withChange(room, username, change) {
  const person = room.people.get(username);
  if (!person) return room;
  return { ...room, people: new Map(room.people).set(username, { ...person, ...change }) };
}

/**
 * Adds a member of whom only the username is known.
 * @param {Room} room
 * @param {string} username
 * @param {Role} role
 * @returns {Room}
 */
function withPerson(room, username, role) {
  if (room.people.has(username)) return room;
  const person = { ...newcomer(username), role, muted: room.muted.has(username) };
  const roster = room.roster === 'ready' && !room.rosterEvents ? 'wanted' : room.roster;
  return { ...room, roster, people: new Map(room.people).set(username, person) };
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

/** @param {string} username @returns {Person} */
function newcomer(username) {
  return { username, display_name: username, role: 'member', online: false };
}
