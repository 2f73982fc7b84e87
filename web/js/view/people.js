// Who is in the room, those online first.

import { createAvatar } from './avatar.js';
import { el, setText } from './dom.js';
import { createKeyedList } from './keyed.js';

/** @param {any} a @param {any} b */
const samePerson = (a, b) => a.person === b.person && a.mine === b.mine;

export function createPeople() {
  const online = section();
  const offline = section();
  const node = el('div', { class: 'people-lists' }, online.node, offline.node);
  /** @type {any} */ let drawn = null;
  return {
    node,
    /** @param {import('../room.js').Room} room @param {string} me */
    update(room, me) {
      if (drawn === room.people && online.count === room.onlineCount) return;
      drawn = room.people;
      const all = [...room.people.values()].sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
      const here = all.filter((person) => person.online);
      const away = all.filter((person) => !person.online);
      online.draw('Online', room.onlineCount ?? here.length, here, me);
      online.count = room.onlineCount;
      offline.draw('Offline', away.length, away, me);
    },
  };
}

/** @param {import('../room.js').Room} room */
export function countOnline(room) {
  return room.onlineCount ?? [...room.people.values()].filter((person) => person.online).length;
}

function section() {
  const heading = el('h3', {});
  const list = el('ul', { class: 'people' });
  const node = el('section', {}, heading, list);
  const draw = createKeyedList(list, () => el('li', {}), drawPerson, samePerson);
  return {
    node,
    count: /** @type {number|null} */ (null),
    /** @param {string} title @param {number} count @param {any[]} people @param {string} me */
    draw(title, count, people, me) {
      node.hidden = count === 0;
      node.className = title.toLowerCase();
      setText(heading, `${title} — ${count}`);
      draw(people.map((person) => ({ key: person.username, person, mine: person.username === me })));
    },
  };
}

/** @param {HTMLElement} node @param {any} item */
function drawPerson(node, { person, mine }) {
  const name = nameOf(person);
  const role = person.role === 'owner' || person.role === 'moderator' ? person.role : '';
  node.className = person.online ? 'person online' : 'person';
  node.title = name === person.username ? '' : `@${person.username}`;
  node.replaceChildren(el('span', { class: 'portrait' }, createAvatar({ username: person.username, name, avatar: person.avatar })),
    el('bdi', { class: 'name' }, name), ...[mine && 'you', person.bot && 'bot', role].filter(Boolean).map((tag) => el('span', { class: 'tag' }, tag)));
}

/** @param {any} person @returns {string} */
function nameOf(person) {
  return person.display_name || person.username;
}
