// Announces new messages to users who do not see them: screen readers by a live region, other tabs
// by the title.

import { APP_NAME, newMessages } from '../messages.js';
import { titleOf } from '../state/rooms.js';
import { el, setText } from './dom.js';
import { isPresent } from './visibility.js';

/** More than this at once are announced as a number. */
const READ_OUT_MAX = 3;

/** @typedef {import('../state/initial.js').State} State */
/** @typedef {import('../state/room.js').Room} Room */

export function createUnread() {
  const node = el('div', { class: 'unseen', role: 'status', 'aria-live': 'polite' });
  /** @type {{room: string, seq: number}|null} */ let announced = null;
  /** @type {State|null} */ let last = null;

  const onAttention = () => {
    if (last) setTitle(last);
  };
  document.addEventListener('visibilitychange', onAttention);
  addEventListener('focus', onAttention);

  /** Reads out what is new at the live end. @param {State} state @param {Room} room */
  function announce(state, room) {
    // Messages that were there when the room opened are not new.
    const since = announced?.room === room.name ? announced.seq : room.cursor;
    announced = { room: room.name, seq: room.cursor };
    const texts = room.entries.flatMap((entry) => {
      const isNew = entry.kind === 'message' && entry.seq > since;
      return isNew && entry.username !== state.me?.username && !state.blocked.has(entry.username)
        ? [`${entry.username}: ${entry.text}`]
        : [];
    });
    if (texts.length === 0) return;
    setText(node, texts.length > READ_OUT_MAX ? newMessages(texts.length) : texts.join('. '));
  }

  return {
    node,
    /** @param {State} state @param {Room} room */
    update(state, room) {
      last = state;
      if (room.history !== 'ready') return;
      announce(state, room);
      setTitle(state);
    },
    end() {
      document.removeEventListener('visibilitychange', onAttention);
      removeEventListener('focus', onAttention);
    },
  };
}

/** Counts in the title what is unread, but not in a room that is looked at. @param {State} state */
function setTitle(state) {
  const open = state.rooms.get(state.current);
  const counted = [...state.rooms.values()].filter((room) => room !== open || !isPresent());
  const unread = counted.reduce((sum, room) => sum + room.unread, 0);
  const name = open ? titleOf(state, open) : '';
  const title = `${unread > 0 ? `(${unread}) ` : ''}${name} · ${APP_NAME}`;
  if (document.title !== title) document.title = title;
}
