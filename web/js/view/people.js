// The list of the room's members, those online first.

import { SIDES } from '../messages.js';
import { countOnline, displayName, sortedPeople } from '../state/people.js';
import { createAvatar } from './avatar.js';
import { button, el, setText } from './dom.js';
import { createKeyedList } from './keyed.js';

/** People drawn; the rest is a number. */
const SHOWN_MAX = 200;

/** @typedef {import('../state/people.js').Person} Person */

/** @param {{person: Person, mine: boolean}} a @param {{person: Person, mine: boolean}} b */
const samePerson = (a, b) => a.person === b.person && a.mine === b.mine;

/** @param {(username: string) => void} show */
export function createPeople(show) {
  const online = section(show);
  const offline = section(show);
  const node = el('div', { class: 'people-lists' }, online.node, offline.node);
  /** @type {Map<string, Person>|null} */ let drawn = null;
  /** @type {number|null} */ let counted = null;
  return {
    node,
    /** @param {import('../state/room.js').Room} room @param {string} me */
    update(room, me) {
      if (drawn === room.people && counted === room.onlineCount) return;
      [drawn, counted] = [room.people, room.onlineCount];
      const all = sortedPeople(room);
      const here = all.filter((person) => person.online);
      online.draw('online', SIDES.online, countOnline(room), here, me);
      offline.draw(
        'offline',
        SIDES.offline,
        Math.max(all.length, room.members) - here.length,
        all.slice(here.length),
        me,
      );
    },
  };
}

/** @param {(username: string) => void} show */
function section(show) {
  const heading = el('h3', {});
  const list = el('ul', { class: 'people' });
  const rest = el('p', { class: 'rest' });
  const node = el('section', {}, heading, list, rest);
  const create = (/** @type {{key: string, person: Person, mine: boolean}} */ { key }) =>
    el(
      'li',
      {},
      button('person-link', () => show(key)),
    );
  const draw = createKeyedList(list, create, drawPerson, samePerson);
  return {
    node,
    /**
     * @param {string} kind
     * @param {string} title
     * @param {number} count
     * @param {Person[]} people
     * @param {string} me
     */
    draw(kind, title, count, people, me) {
      node.hidden = count === 0;
      node.className = kind;
      setText(heading, SIDES.section(title, count));
      draw(
        people
          .slice(0, SHOWN_MAX)
          .map((person) => ({ key: person.username, person, mine: person.username === me })),
      );
      const left = count - Math.min(people.length, SHOWN_MAX);
      rest.hidden = left <= 0;
      setText(rest, SIDES.more(left));
    },
  };
}

/** @param {HTMLElement} node @param {{person: Person, mine: boolean}} item */
function drawPerson(node, { person, mine }) {
  const name = displayName(person);
  const role = person.role === 'owner' || person.role === 'moderator' ? person.role : '';
  node.className = person.online ? 'person online' : 'person';
  const link = /** @type {HTMLElement} */ (node.firstElementChild);
  link.title = name === person.username ? '' : `@${person.username}`;
  link.replaceChildren(
    el(
      'span',
      { class: 'portrait' },
      createAvatar({ username: person.username, name, avatar: person.avatar }),
    ),
    el('bdi', { class: 'name' }, name),
    ...(mine || name === person.username
      ? []
      : [el('span', { class: 'handle' }, `@${person.username}`)]),
    ...[mine && SIDES.you, person.bot && SIDES.bot, role]
      .filter(Boolean)
      .map((tag) => el('span', { class: 'tag' }, /** @type {string} */ (tag))),
  );
}
