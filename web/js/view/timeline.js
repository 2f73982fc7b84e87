// The messages of the open room: follows the end, stays put for who reads further up, pages back at the top.

import { el, icon, setText } from './dom.js';
import { createKeyedList } from './keyed.js';
import { createRow, rowUpdater } from './message.js';
import { sameRow, toRows } from './rows.js';

/** Nearer to the end than this counts as at the end. */
const END_PX = 48;
/** Nearer to the top than this asks for older messages. */
const TOP_PX = 400;

/** @param {any} session */
export function createTimeline(session) {
  const list = el('ol', { class: 'messages' });
  const top = el('div', { class: 'top' });
  const log = el('div', { class: 'timeline', role: 'log', 'aria-live': 'off', 'aria-label': 'Messages', tabindex: '0' }, top, list);
  const jumpLabel = el('span', {});
  const jump = el('button', { class: 'jump', type: 'button', hidden: true, on: { click: toEnd } }, icon('down'), jumpLabel);
  const node = el('div', { class: 'timeline-frame' }, log, jump);
  const draw = createKeyedList(list, createRow, rowUpdater(session), sameRow);

  let following = true;
  let seen = 0;
  /** @type {import('../room.js').Room|null} */ let room = null;
  let height = 0;
  /** Where the view stood when that was last looked at: the reader's scroll is heard of a frame later. */
  let scrolled = 0;

  function toEnd() {
    following = true;
    followEnd();
    settle();
  }

  function settle() {
    if (!room) return;
    if (following) seen = room.lastSeq;
    const unread = room.entries.filter((entry) => entry.kind === 'message' && entry.seq > seen).length;
    jump.hidden = following;
    setText(jumpLabel, unread === 0 ? 'Jump to latest' : unread === 1 ? '1 new message' : `${unread} new messages`);
    if (room.moreBefore && room.older === 'idle' && room.history === 'ready' && log.scrollTop < TOP_PX) session.intend('older');
    if (following) session.intend('trim');
  }

  function look() {
    scrolled = log.scrollTop;
    following = log.scrollHeight - scrolled - log.clientHeight < END_PX;
  }

  function followEnd() {
    log.scrollTop = log.scrollHeight;
    scrolled = log.scrollTop;
  }

  log.addEventListener('scroll', () => {
    // A window that changed its height moves the end, not the reader.
    if (log.clientHeight !== height) return;
    look();
    settle();
  }, { passive: true });

  new ResizeObserver(() => {
    height = log.clientHeight;
    if (following) followEnd();
  }).observe(log);

  /** Rows in view, by whose lower edges the view is held in place. */
  function anchors() {
    return [...list.children].filter((row) => row.offsetTop + row.offsetHeight > log.scrollTop).slice(0, 4)
      .map((row) => ({ row, bottom: row.offsetTop + row.offsetHeight }));
  }

  return {
    node, toEnd,
    isFollowing: () => following,
    /** @param {number} pages */
    page(pages) {
      log.scrollBy({ top: pages * log.clientHeight * 0.85 });
    },
    /** @param {import('../state.js').State} state */
    update(state) {
      const next = state.rooms.get(state.current);
      if (!next || next === room) return;
      const ownAdded = next.pending.length > (room?.pending.length ?? 0);
      const switched = room?.name !== next.name;
      if (switched || ownAdded) following = true;
      else if (log.scrollTop !== scrolled && log.clientHeight === height) look();
      room = next;
      const kept = following ? [] : anchors();
      drawTop(top, next, session);
      draw(toRows(next, state.me));
      log.setAttribute('aria-label', `Messages in ${next.name}`);
      log.setAttribute('aria-busy', String(next.history !== 'ready'));
      if (following) followEnd();
      else {
        const anchor = kept.find(({ row }) => row.isConnected);
        if (anchor) log.scrollTop += anchor.row.offsetTop + anchor.row.offsetHeight - anchor.bottom;
        scrolled = log.scrollTop;
      }
      height = log.clientHeight;
      settle();
    },
  };
}

/** What stands above the oldest message. @param {HTMLElement} top @param {import('../room.js').Room} room @param {any} session */
function drawTop(top, room, session) {
  const failed = room.history === 'failed' ? 'reload' : room.older === 'failed' ? 'older' : '';
  const loading = !failed && (room.history !== 'ready' || room.older !== 'idle' || room.moreBefore);
  const mood = failed ? `failed ${failed} ${room.error}` : loading ? 'loading' : `start ${room.name}`;
  if (top.dataset.mood === mood) return;
  top.dataset.mood = mood;
  if (failed) {
    top.replaceChildren(el('p', { role: 'alert' }, `These messages could not be read. ${room.error} `),
      el('button', { type: 'button', class: 'link', on: { click: () => session.intend(failed) } }, 'Try again'));
  } else if (loading) {
    top.replaceChildren(el('span', { class: 'spinner', role: 'status', 'aria-label': 'Loading older messages' }));
  } else {
    top.replaceChildren(el('div', { class: 'start' }, el('span', { class: 'start-mark' }, icon('hash')),
      el('h2', {}, `Welcome to ${room.name}`), el('p', {}, 'This is where it begins. Say hello!')));
  }
}
