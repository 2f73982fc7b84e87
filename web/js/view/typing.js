// The line that names the people who are typing in the open room.

import { typing } from '../messages.js';
import { nameOf } from '../state/rooms.js';
import { el, setText } from './dom.js';

export function createTyping() {
  const text = el('span', {});
  const node = el(
    'p',
    { class: 'typing' },
    el('span', { class: 'dots', 'aria-hidden': 'true' }, el('i', {}), el('i', {}), el('i', {})),
    text,
  );
  return {
    node,
    /**
     * @param {import('../state/initial.js').State} state
     * @param {import('../state/room.js').Room} room
     */
    update(state, room) {
      const names = room.typing.names
        .filter((name) => name !== state.me?.username && !state.blocked.has(name))
        .map((name) => nameOf(state, name));
      node.classList.toggle('quiet', names.length === 0);
      setText(text, typing(names));
    },
  };
}
