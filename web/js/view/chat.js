// The chat screen: rooms at the left, the open room in the middle, its people at the right.
// On narrow screens the sides are drawers.

import { createAccount } from './account.js';
import { createComposer } from './composer.js';
import { asset, el, icon } from './dom.js';
import { createHead } from './room-header.js';
import { lazily } from './lazy.js';
import { createNews } from './unread.js';
import { createPeople } from './people.js';
import { createRoomList, orderedRooms } from './roomlist.js';
import { createStatus } from './status.js';
import { createTimeline } from './timeline.js';
import { createTyping } from './typing.js';

/** @param {import('../controller.js').Controller} controller */
export function createChatView(controller) {
  const timeline = createTimeline(controller);
  const composer = createComposer(controller, timeline);
  const people = createPeople((username) =>
    lazily('person', (dialog) => dialog.openPerson(controller, username)),
  );
  const status = createStatus(controller);
  const news = createNews();
  const typing = createTyping();
  const account = createAccount(controller);
  const head = createHead(controller, show);
  const rooms = createRoomList(enter, () =>
    lazily('rooms', (dialog) => dialog.openRooms(controller)),
  );

  const menu = el(
    'nav',
    { class: 'side menu', 'aria-label': 'Rooms' },
    el(
      'div',
      { class: 'brand' },
      el('img', { src: asset('icon.svg'), alt: '', width: '28', height: '28' }),
      'Chat',
      closer(),
    ),
    rooms.node,
    account.node,
  );
  const crowd = el(
    'aside',
    { class: 'side crowd', 'aria-label': 'People' },
    el('h2', {}, 'People', closer()),
    people.node,
  );
  const node = el(
    'div',
    { class: 'chat-page' },
    menu,
    el(
      'main',
      { class: 'room' },
      head.node,
      el('div', { class: 'statuses' }, ...status.nodes),
      timeline.node,
      typing.node,
      composer.node,
      news.node,
    ),
    crowd,
    el('div', { class: 'veil', on: { click: () => show('') } }),
  );

  function closer() {
    return el(
      'button',
      {
        type: 'button',
        class: 'plain closer',
        'aria-label': 'Close',
        on: { click: () => show('') },
      },
      icon('close'),
    );
  }

  let drawer = '';
  /** @param {string} which a drawer; named again, it closes */
  function show(which) {
    const before = drawer;
    drawer = drawer === which ? '' : which;
    node.dataset.drawer = drawer;
    head.mark(drawer);
    if (drawer === '') head.focus(before);
    else (drawer === 'menu' ? menu : crowd).querySelector('.closer')?.focus();
  }

  /** @param {string} room */
  function enter(room) {
    controller.intend('open', { room });
    if (drawer) show('');
    composer.focus();
  }

  /** @param {number} step @param {boolean} unreadOnly */
  function neighbour(step, unreadOnly) {
    const state = controller.state();
    const list = orderedRooms(state);
    const at = list.findIndex((room) => room.name === state.current);
    const around = list.map((_, n) => list[(at + step * (n + 1) + list.length * 2) % list.length]);
    const next = around.find((room) => !unreadOnly || room.unread > 0);
    if (next) enter(next.name);
  }

  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (document.querySelector('dialog[open]')) return;
    if (event.key === 'Escape' && drawer) return show('');
    const at = /** @type {HTMLElement} */ (event.target);
    if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      neighbour(event.key === 'ArrowUp' ? -1 : 1, event.shiftKey);
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      lazily('switcher', (dialog) => dialog.openSwitcher(controller, enter));
    } else if (event.key === 'F1') lazily('keys', (dialog) => dialog.openKeys());
    else return typeAnywhere(event, at);
    event.preventDefault();
  };

  /**
   * Typing anywhere is writing, as long as no control is asked for.
   * @param {KeyboardEvent} event
   * @param {HTMLElement} at
   */
  function typeAnywhere(event, at) {
    const typed =
      event.key.length === 1 &&
      !event.ctrlKey &&
      !event.metaKey &&
      !event.altKey &&
      event.key !== ' ';
    if (typed && !drawer && at.matches('body, .timeline')) composer.focus();
  }

  const onAway = () => controller.intend('away');
  document.addEventListener('keydown', onKey);
  addEventListener('blur', onAway);

  return {
    screen: 'chat',
    node,
    /** @param {import('../state/initial.js').State} state */
    update(state) {
      status.update(state);
      account.update(state);
      rooms.update(state);
      const room = state.rooms.get(state.current);
      if (!room) return;
      head.update(state, room);
      people.update(room, state.me?.username ?? '');
      const switched = composer.update(state);
      timeline.update(state);
      if (switched && drawer) show('');
      if (switched) composer.focus();
      typing.update(state, room);
      news.update(state, room);
    },
    end() {
      document.removeEventListener('keydown', onKey);
      removeEventListener('blur', onAway);
      timeline.end();
      status.end();
      news.end();
      for (const dialog of document.querySelectorAll('dialog')) dialog.close();
    },
  };
}
