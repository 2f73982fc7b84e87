// The chat screen: rooms at the left, the open room in the middle, its people at the right.
// On narrow screens the sides are drawers.

import { createAvatar } from './avatar.js';
import { createComposer } from './composer.js';
import { el, icon, setText } from './dom.js';
import { createKeyedList } from './keyed.js';
import { createNews } from './news.js';
import { countOnline, createPeople } from './people.js';
import { createStatus } from './status.js';
import { createTimeline } from './timeline.js';

/** @param {any} session */
export function createChatView(session) {
  const timeline = createTimeline(session);
  const composer = createComposer({ send: session.send, page: timeline.page, toEnd: timeline.toEnd });
  const people = createPeople();
  const status = createStatus(session);
  const news = createNews();

  const rooms = el('ul', { class: 'rooms' });
  const drawRooms = createKeyedList(rooms, createRoomLink, updateRoomLink, (a, b) => a.room === b.room && a.open === b.open);
  const account = el('div', { class: 'account' });
  const title = el('h1', {});
  const topic = el('p', { class: 'topic', dir: 'auto' });
  const online = el('span', {});
  const menuButton = opener('menu', 'menu-button', icon('menu'));
  menuButton.setAttribute('aria-label', 'Rooms');
  const peopleButton = opener('people', 'people-button', icon('people'), online);
  const menu = el('nav', { class: 'side menu', 'aria-label': 'Rooms' },
    el('div', { class: 'brand' }, el('img', { src: '/static/icon.svg', alt: '', width: '28', height: '28' }), 'Chat', closer()),
    el('h2', {}, 'Rooms'), rooms, account);
  const crowd = el('aside', { class: 'side crowd', 'aria-label': 'People' }, el('h2', {}, 'People', closer()), people.node);
  const node = el('div', { class: 'chat-page' },
    menu,
    el('main', { class: 'room' },
      el('header', { class: 'room-head' },
        menuButton, el('span', { class: 'room-mark' }, icon('hash')), el('div', { class: 'room-title' }, title, topic), peopleButton),
      el('div', { class: 'statuses' }, ...status.nodes), timeline.node, composer.node, news.node),
    crowd,
    el('div', { class: 'veil', on: { click: () => show('') } }));

  /** @param {string} which @param {string} className @param {...any} children */
  function opener(which, className, ...children) {
    return el('button', { type: 'button', class: `plain ${className}`, 'aria-expanded': 'false', on: { click: () => show(which) } }, ...children);
  }

  function closer() {
    return el('button', { type: 'button', class: 'plain closer', 'aria-label': 'Close', on: { click: () => show('') } }, icon('close'));
  }

  let drawer = '';
  /** @param {string} which a drawer; named again, it closes */
  function show(which) {
    const before = drawer;
    drawer = drawer === which ? '' : which;
    node.dataset.drawer = drawer;
    menuButton.setAttribute('aria-expanded', String(drawer === 'menu'));
    peopleButton.setAttribute('aria-expanded', String(drawer === 'people'));
    if (drawer === '') (before === 'menu' ? menuButton : peopleButton).focus();
    else (drawer === 'menu' ? menu : crowd).querySelector('.closer')?.focus();
  }

  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === 'Escape' && drawer) return show('');
    const typed = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== ' ';
    // Typing anywhere is writing, as long as no control is asked for.
    const at = /** @type {HTMLElement} */ (event.target);
    if (typed && !drawer && at.matches('body, .timeline')) composer.focus();
  };
  document.addEventListener('keydown', onKey);

  function createRoomLink(/** @type {any} */ item) {
    const enter = () => {
      session.intend('open', { room: item.key });
      if (drawer) show('');
      composer.focus();
    };
    return el('li', {}, el('button', { type: 'button', on: { click: enter } }, icon('hash'), el('span', { class: 'name' }, item.key)));
  }

  function updateRoomLink(/** @type {any} */ row, /** @type {any} */ item) {
    if (item.open) row.firstElementChild.setAttribute('aria-current', 'page');
    else row.firstElementChild.removeAttribute('aria-current');
  }

  let person = '';
  function drawAccount(/** @type {any} */ me) {
    const key = `${me.username} ${me.display_name} ${me.avatar}`;
    if (key === person) return;
    person = key;
    const name = me.display_name || me.username;
    account.replaceChildren(createAvatar({ username: me.username, name, avatar: me.avatar }),
      el('div', { class: 'who' }, el('bdi', { class: 'name' }, name), el('span', { class: 'handle' }, `@${me.username}`)),
      el('button', { type: 'button', class: 'plain log-out', 'aria-label': 'Log out', title: 'Log out', on: { click: () => session.signOut() } }, icon('leave')));
  }

  return {
    screen: 'chat', node,
    /** @param {import('../state.js').State} state */
    update(state) {
      status.update(state);
      drawAccount(state.me);
      const room = state.rooms.get(state.current);
      if (!room) return;
      setText(title, room.name);
      setText(topic, room.topic);
      const count = countOnline(room);
      setText(online, String(count));
      peopleButton.setAttribute('aria-label', `People, ${count} online`);
      peopleButton.title = `${count} online`;
      drawRooms([...state.rooms.values()].map((r) => ({ key: r.name, room: r, open: r.name === state.current })));
      people.update(room, state.me.username);
      if (composer.open(state.me.username, room.name)) composer.focus();
      timeline.update(state);
      news.update(room, state.me.username);
    },
    end() {
      document.removeEventListener('keydown', onKey);
      status.end();
      news.end();
    },
  };
}
