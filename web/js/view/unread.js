// Tells what is new to who does not see it: screen readers by a live region, other tabs by the title.

import { titleOf } from '../state/rooms.js';
import { el, setText } from './dom.js';
import { isPresent } from './visibility.js';

/** More than this at once is told as a number. */
const READ_OUT_MAX = 3;

export function createNews() {
  const node = el('div', { class: 'unseen', role: 'status', 'aria-live': 'polite' });
  /** @type {{room: string, seq: number}|null} */ let told = null;
  /** @type {import('../state/initial.js').State|null} */ let last = null;

  const onAttention = () => {
    if (last) title(last);
  };
  document.addEventListener('visibilitychange', onAttention);
  addEventListener('focus', onAttention);

  /** @param {import('../state/initial.js').State} state */
  function title(state) {
    const open = state.rooms.get(state.current);
    let unread = 0;
    for (const room of state.rooms.values()) {
      if (room !== open || !isPresent()) unread += room.unread;
    }
    const name = open ? titleOf(state, open) : '';
    const next = `${unread > 0 ? `(${unread}) ` : ''}${name} · Chat`;
    if (document.title !== next) document.title = next;
  }

  return {
    node,
    /**
     * @param {import('../state/initial.js').State} state
     * @param {import('../state/room.js').Room} room
     */
    update(state, room) {
      last = state;
      if (room.history !== 'ready') return;
      // What was there when the room opened is no news.
      if (told?.room === room.name && room.cursor > told.seq) {
        const since = told.seq;
        const fresh = room.entries.filter(
          (entry) =>
            entry.kind === 'message' &&
            (entry.seq ?? 0) > since &&
            entry.username !== state.me?.username,
        );
        const aloud = fresh
          .map((entry) => (entry.kind === 'message' ? `${entry.username}: ${entry.text}` : ''))
          .join('. ');
        if (fresh.length > 0) {
          setText(node, fresh.length > READ_OUT_MAX ? `${fresh.length} new messages` : aloud);
        }
      }
      told = { room: room.name, seq: room.cursor };
      title(state);
    },
    end() {
      document.removeEventListener('visibilitychange', onAttention);
      removeEventListener('focus', onAttention);
    },
  };
}
