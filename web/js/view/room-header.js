// The open room's name and topic, and the buttons beside them.

import { SIDES } from '../messages.js';
import { countOnline } from '../state/people.js';
import { titleOf } from '../state/rooms.js';
import { el, icon, iconButton, kindIcon, setText } from './dom.js';
import { lazily } from './lazy.js';

/**
 * @param {import('../controller.js').Controller} controller
 * @param {(drawer: string) => void} show
 */
export function createRoomHeader(controller, show) {
  const title = el('button', {
    type: 'button',
    title: SIDES.about,
    on: { click: aboutRoom },
  });
  const topic = el('p', { class: 'topic', dir: 'auto' });
  const mark = el('span', { class: 'room-mark' });
  const online = el('span', {});
  const menuButton = opener('menu', 'menu-button', SIDES.rooms, icon('menu'));
  const peopleButton = opener('people', 'people-button', SIDES.people, icon('people'), online);
  const about = el('div', { class: 'room-title' }, el('h1', {}, title), topic);
  const find = () => lazily('search', (dialog) => dialog.openSearch(controller));
  const search = iconButton('plain search-button', SIDES.search, 'search', find);
  const node = el('header', { class: 'room-head' }, menuButton, mark, about, search, peopleButton);
  let kind = '';

  /**
   * @param {string} which
   * @param {string} className
   * @param {string} label
   * @param {...Node} children
   */
  function opener(which, className, label, ...children) {
    return el(
      'button',
      {
        type: 'button',
        class: `plain ${className}`,
        'aria-label': label,
        'aria-expanded': 'false',
        on: { click: () => show(which) },
      },
      ...children,
    );
  }

  function aboutRoom() {
    const state = controller.state();
    const other = state.rooms.get(state.current)?.with;
    if (other) lazily('person', (dialog) => dialog.openPerson(controller, other));
    else lazily('room', (dialog) => dialog.openRoom(controller));
  }

  return {
    node,
    /** @param {string} drawer the open one */
    mark(drawer) {
      menuButton.setAttribute('aria-expanded', String(drawer === 'menu'));
      peopleButton.setAttribute('aria-expanded', String(drawer === 'people'));
    },
    /** @param {string} drawer the one that closed */
    focus: (drawer) => (drawer === 'menu' ? menuButton : peopleButton).focus(),
    /**
     * @param {import('../state/initial.js').State} state
     * @param {import('../state/room.js').Room} room
     */
    update(state, room) {
      setText(title, titleOf(state, room));
      setText(topic, room.with ? `@${room.with}` : room.topic);
      if (room.kind !== kind) mark.replaceChildren(kindIcon(room.kind));
      kind = room.kind;
      const count = countOnline(room);
      setText(online, String(count));
      peopleButton.setAttribute('aria-label', SIDES.peopleOnline(count));
      peopleButton.title = SIDES.countOnline(count);
    },
  };
}
