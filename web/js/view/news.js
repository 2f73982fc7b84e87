// Tells what is new to who can't see it: screen readers by a live region, other tabs by the title.

import { el, setText } from './dom.js';

/** More than this at once is told as a number. */
const READ_OUT_MAX = 3;

export function createNews() {
  const node = el('div', { class: 'unseen', role: 'status', 'aria-live': 'polite' });
  /** @type {{room: string, seq: number}|null} */ let told = null;
  let missed = 0;

  const onVisible = () => {
    if (document.visibilityState !== 'visible') return;
    missed = 0;
    if (told) title(told.room);
  };
  document.addEventListener('visibilitychange', onVisible);

  /** @param {string} room */
  function title(room) {
    document.title = missed > 0 ? `(${missed}) ${room} · Chat` : `${room} · Chat`;
  }

  return {
    node,
    /** @param {import('../room.js').Room} room @param {string} me */
    update(room, me) {
      if (room.history !== 'ready') return;
      // What was there when the room opened is no news.
      if (told?.room === room.name && room.cursor > told.seq) {
        const since = told.seq;
        const fresh = room.entries.filter((entry) => entry.kind === 'message' && entry.seq > since && entry.username !== me);
        if (document.visibilityState !== 'visible') missed += fresh.length;
        const aloud = fresh.map((entry) => `${entry.username}: ${entry.text}`).join('. ');
        if (fresh.length > 0) setText(node, fresh.length > READ_OUT_MAX ? `${fresh.length} new messages` : aloud);
      }
      told = { room: room.name, seq: room.cursor };
      title(room.name);
    },
    end: () => document.removeEventListener('visibilitychange', onVisible),
  };
}
