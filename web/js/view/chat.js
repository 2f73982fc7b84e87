// The chat screen: rooms at the left, the open room in the middle, its people at the right. On
// narrow screens the sides are drawers.

import { APP_NAME, DIALOG, SIDES } from '../messages.js';
import { createAccount } from './account.js';
import { createBack } from './back.js';
import { createComposer } from './composer.js';
import { asset, el, iconButton } from './dom.js';
import { lazily } from './lazy.js';
import { createPeople } from './people.js';
import { createRoomHeader } from './room-header.js';
import { createRoomList, orderedRooms } from './roomlist.js';
import { createStatus } from './status.js';
import { createTimeline } from './timeline.js';
import { createTyping } from './typing.js';
import { createUnread } from './unread.js';

/** @typedef {import('../controller.js').Controller} Controller */
/** @typedef {import('../state/initial.js').State} State */
/** @typedef {ReturnType<typeof createParts>} Parts */

/** @param {Controller} controller */
export function createChatView(controller) {
  const parts = createParts(controller, enter, (which) => drawers.show(which));
  const layout = createLayout(parts, () => drawers.show(''));
  const drawers = createDrawers(layout, parts.header);
  const keys = createKeys(controller, parts.composer, drawers, enter);
  const { composer, timeline, status, unread } = parts;
  const back = createBack({ open: goBack, closeTop });

  /** @param {string} room */
  function enter(room) {
    controller.intend('open', { room });
    drawers.close();
    focusComposer();
  }

  /** @param {string} room */
  function goBack(room) {
    if (controller.state().rooms.has(room)) enter(room);
  }

  /** Closes what lies above the room. @returns {boolean} whether there was something */
  function closeTop() {
    const dialog = [...document.querySelectorAll('dialog[open]')].at(-1);
    if (!dialog && !drawers.isOpen()) return false;
    if (dialog) /** @type {HTMLDialogElement} */ (dialog).close();
    else drawers.close();
    return true;
  }

  /** Where a finger opens a room, the focus would cover it with the keyboard. */
  function focusComposer() {
    if (!matchMedia('(pointer: coarse)').matches) composer.focus();
  }

  const onAway = () => controller.intend('away');
  document.addEventListener('keydown', keys);
  addEventListener('blur', onAway);

  return {
    screen: 'chat',
    node: layout.node,
    /** @param {State} state */
    update(state) {
      status.update(state);
      back.update(state.current);
      parts.account.update(state);
      parts.rooms.update(state);
      const room = state.rooms.get(state.current);
      if (!room) return;
      parts.header.update(state, room);
      parts.people.update(room, state.me?.username ?? '');
      const switched = composer.update(state);
      timeline.update(state);
      if (switched) {
        drawers.close();
        focusComposer();
      }
      parts.typing.update(state, room);
      unread.update(state, room);
    },
    end() {
      document.removeEventListener('keydown', keys);
      removeEventListener('blur', onAway);
      back.end();
      timeline.end();
      status.end();
      unread.end();
      for (const dialog of document.querySelectorAll('dialog')) dialog.close();
    },
  };
}

/**
 * @param {Controller} controller
 * @param {(room: string) => void} enter
 * @param {(drawer: string) => void} show
 */
function createParts(controller, enter, show) {
  const timeline = createTimeline(controller);
  const browse = () => lazily('rooms', (dialog) => dialog.openRooms(controller));
  const openPerson = (/** @type {string} */ username) =>
    lazily('person', (dialog) => dialog.openPerson(controller, username));
  return {
    timeline,
    composer: createComposer(controller, timeline),
    people: createPeople(openPerson),
    status: createStatus(controller),
    unread: createUnread(),
    typing: createTyping(),
    account: createAccount(controller),
    header: createRoomHeader(controller, show),
    rooms: createRoomList(enter, browse),
  };
}

/** @param {Parts} parts @param {() => void} close */
function createLayout(parts, close) {
  const closer = () => iconButton('plain closer', DIALOG.close, 'close', close);
  const logo = el('img', { src: asset('icon.svg'), alt: '', width: '28', height: '28' });
  const menu = el(
    'nav',
    { class: 'side menu', 'aria-label': SIDES.rooms },
    el('div', { class: 'brand' }, logo, APP_NAME, closer()),
    parts.rooms.node,
    parts.account.node,
  );
  const crowd = el(
    'aside',
    { class: 'side crowd', 'aria-label': SIDES.people },
    el('h2', {}, SIDES.people, closer()),
    parts.people.node,
  );
  const room = el(
    'main',
    { class: 'room' },
    parts.header.node,
    el('div', { class: 'statuses' }, ...parts.status.nodes),
    parts.timeline.node,
    parts.typing.node,
    parts.composer.node,
    parts.unread.node,
  );
  const veil = el('div', { class: 'veil', on: { click: close } });
  return { node: el('div', { class: 'chat-page' }, menu, room, crowd, veil), menu, crowd };
}

/**
 * The sides of a narrow screen, of which one is open at most.
 * @param {ReturnType<typeof createLayout>} layout
 * @param {Parts['header']} header
 */
function createDrawers({ node, menu, crowd }, header) {
  let open = '';

  /** @param {string} which a drawer; named again, it closes */
  function show(which) {
    const before = open;
    open = open === which ? '' : which;
    node.dataset.drawer = open;
    header.mark(open);
    if (open === '') return header.focus(before);
    const drawer = open === 'menu' ? menu : crowd;
    /** @type {HTMLElement} */ (drawer.querySelector('.closer')).focus();
  }

  return {
    show,
    isOpen: () => open !== '',
    close() {
      if (open) show('');
    },
  };
}

/**
 * The keys that work everywhere on the screen.
 * @param {Controller} controller
 * @param {Parts['composer']} composer
 * @param {ReturnType<typeof createDrawers>} drawers
 * @param {(room: string) => void} enter
 */
function createKeys(controller, composer, drawers, enter) {
  /** @param {number} step @param {boolean} unreadOnly */
  function goToNeighbour(step, unreadOnly) {
    const state = controller.state();
    const list = orderedRooms(state);
    const at = list.findIndex((room) => room.name === state.current);
    const around = list.map((_, n) => list[(at + step * (n + 1) + list.length * 2) % list.length]);
    const next = around.find((room) => !unreadOnly || room.unread > 0);
    if (next) enter(next.name);
  }

  /** Typing outside a control goes into the composer. @param {KeyboardEvent} event */
  function typeAnywhere({ key, ctrlKey, metaKey, altKey, target }) {
    const isTyped = key.length === 1 && !ctrlKey && !metaKey && !altKey && key !== ' ';
    const at = /** @type {HTMLElement} */ (target);
    if (isTyped && !drawers.isOpen() && at.matches('body, .timeline')) composer.focus();
  }

  return (/** @type {KeyboardEvent} */ event) => {
    if (document.querySelector('dialog[open]')) return;
    if (event.key === 'Escape' && drawers.isOpen()) return drawers.close();
    const isArrow = event.key === 'ArrowUp' || event.key === 'ArrowDown';
    if (event.altKey && isArrow) goToNeighbour(event.key === 'ArrowUp' ? -1 : 1, event.shiftKey);
    else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      lazily('switcher', (dialog) => dialog.openSwitcher(controller, enter));
    } else if (event.key === 'F1') lazily('keys', (dialog) => dialog.openKeys());
    else return typeAnywhere(event);
    event.preventDefault();
  };
}
