// The messages of the open room: follows the end, stays put for who reads further up, pages at both ends.

import { changesOf } from '../state/commands.js';
import { personOf, titleOf } from '../state/rooms.js';
import { momentOf } from './clock.js';
import { el, icon, setText } from './dom.js';
import { createKeyedList } from './keyed.js';
import { createRow, rowUpdater } from './message.js';
import { sameRow, toRows } from './rows.js';
import { createSeen } from './visibility.js';
import { createToolbar } from './toolbar.js';
import { createTop } from './topbar.js';

/** Nearer to the end than this counts as at the end. */
const END_PX = 48;
/** Nearer to an edge than this asks for what is beyond it. */
const EDGE_PX = 400;
/** How long a message that was jumped to stands out. */
const TARGET_MS = 2_500;

/** @typedef {import('../state/room.js').Room} Room */

/** @param {import('../controller.js').Controller} controller */
export function createTimeline(controller) {
  const list = el('ol', { class: 'messages', on: { pointerover: tellMoment } });
  const top = createTop(controller);
  const log = el(
    'div',
    {
      class: 'timeline',
      role: 'log',
      'aria-live': 'off',
      'aria-label': 'Messages',
      tabindex: '0',
      on: { keydown: onKey },
    },
    top.node,
    list,
  );
  const jumpLabel = el('span', {});
  const jump = el(
    'button',
    { class: 'jump', type: 'button', hidden: true, on: { click: toEnd } },
    icon('down'),
    jumpLabel,
  );
  const node = el('div', { class: 'timeline-frame' }, log, jump);
  const draw = createKeyedList(list, createRow, rowUpdater(controller), sameRow);
  const toolbar = createToolbar(list, controller);
  const seen = createSeen(log, list, controller);

  let following = true;
  /** Up to where the reader has been, for the count on the button. */
  let seenSeq = 0;
  /** @type {Room|null} */ let room = null;
  /** @type {any} */ let commands = null;
  let height = 0;
  /**
   * Where the view stood when that was last looked at: the reader's scroll is heard of a frame
   * later.
   */
  let scrolled = 0;
  let landed = '';
  let jumped = 0;

  function toEnd() {
    following = true;
    controller.intend('toEnd');
    followEnd();
    settle();
  }

  function settle() {
    if (!room) return;
    if (following) seenSeq = room.lastSeq;
    const unread = room.past
      ? 0
      : room.entries.filter((entry) => entry.kind === 'message' && (entry.seq ?? 0) > seenSeq)
          .length;
    jump.hidden = following;
    setText(
      jumpLabel,
      unread === 0 ? 'Jump to latest' : unread === 1 ? '1 new message' : `${unread} new messages`,
    );
    if (log.scrollTop < EDGE_PX && (room.past ?? room).older === 'idle') controller.intend('older');
    if (room.past?.newer === 'idle' && fromEnd() < EDGE_PX) controller.intend('newer');
    controller.intend('trim', { following });
    seen.look(room);
  }

  const fromEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight;

  function look() {
    scrolled = log.scrollTop;
    following = !room?.past && fromEnd() < END_PX;
  }

  function followEnd() {
    log.scrollTop = log.scrollHeight;
    scrolled = log.scrollTop;
  }

  log.addEventListener(
    'scroll',
    () => {
      // A window that changed its height moves the end, not the reader.
      if (log.clientHeight !== height) return;
      look();
      settle();
    },
    { passive: true },
  );

  new ResizeObserver(() => {
    height = log.clientHeight;
    if (following) followEnd();
  }).observe(log);

  /** Rows in view, by whose lower edges the view is held in place. */
  function anchors() {
    return [...list.children]
      .filter((row) => row.offsetTop + row.offsetHeight > log.scrollTop)
      .slice(0, 4)
      .map((row) => ({ row, bottom: row.offsetTop + row.offsetHeight }));
  }

  /** What only some ask for is not worked out for every row. @param {PointerEvent} event */
  function tellMoment({ target }) {
    const at = /** @type {HTMLElement} */ (target);
    if (at.dataset.ts && !at.title) at.title = momentOf(Number(at.dataset.ts));
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const at = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || (at !== log && !at.matches('.message'))) {
      return;
    }
    if (event.key === 'ArrowUp' || event.key === 'ArrowDown') walk(at, event.key === 'ArrowUp');
    else if (event.key === 'Escape' && at !== log) log.focus();
    else if (!toolbar.key(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Moves the focus from message to message. @param {HTMLElement} at @param {boolean} up */
  function walk(at, up) {
    const rows = /** @type {HTMLElement[]} */ ([...list.querySelectorAll('.message')]);
    const from = at === log ? (up ? rows.length : -1) : rows.indexOf(at);
    rows[from + (up ? -1 : 1)]?.focus();
  }

  /** Shows the message that was jumped to. @param {Room} next */
  function aim(next) {
    if (!next.target || next.target.jump === jumped) return false;
    const row = /** @type {HTMLElement|null} */ (
      list.querySelector(`[data-seq="${next.target.seq}"]`)
    );
    if (!row) return false;
    jumped = next.target.jump;
    row.scrollIntoView({ block: 'center' });
    row.classList.add('target');
    setTimeout(() => row.classList.remove('target'), TARGET_MS);
    look();
    return true;
  }

  /** A room is opened at what is new in it. @param {Room} next */
  function land(next) {
    if (next.history !== 'ready' || landed === next.name) return;
    landed = next.name;
    const line = /** @type {HTMLElement|null} */ (list.querySelector('.new'));
    if (!line || next.past || log.scrollHeight - line.offsetTop < log.clientHeight) return;
    log.scrollTop = line.offsetTop - log.clientHeight / 4;
    look();
  }

  return {
    node,
    toEnd,
    end: seen.end,
    /** @param {number} pages */
    page(pages) {
      log.scrollBy({ top: pages * log.clientHeight * 0.85 });
    },
    /** @param {import('../state/initial.js').State} state */
    update(state) {
      const next = state.rooms.get(state.current);
      if (!next || (next === room && state.commands === commands)) return;
      const ownAdded = next.pending.length > (room?.pending.length ?? 0);
      const switched = room?.name !== next.name;
      if (switched) [landed, jumped] = ['', 0];
      if (next.past) following = false;
      else if (switched || ownAdded) following = true;
      else if (log.scrollTop !== scrolled && log.clientHeight === height) look();
      [room, commands] = [next, state.commands];
      const kept = following ? [] : anchors();
      top.update(next, titleOf(state, next));
      draw(
        toRows(next, {
          me: state.me?.username ?? '',
          personOf: (name) => personOf(state, name),
          changes: changesOf(state, next.name),
        }),
      );
      log.setAttribute('aria-label', `Messages in ${titleOf(state, next)}`);
      log.setAttribute('aria-busy', String(next.history !== 'ready'));
      if (following) followEnd();
      else {
        const anchor = kept.find(({ row }) => row.isConnected);
        if (anchor) log.scrollTop += anchor.row.offsetTop + anchor.row.offsetHeight - anchor.bottom;
        scrolled = log.scrollTop;
      }
      if (!aim(next)) land(next);
      height = log.clientHeight;
      settle();
    },
  };
}
