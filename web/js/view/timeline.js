// The messages of the open room. The view follows the end, stays put for a reader further up, opens
// at the first unread message, and loads pages at both ends.

import { TIMELINE } from '../messages.js';
import { changesOf } from '../state/commands.js';
import { personOf, titleOf } from '../state/rooms.js';
import { momentOf } from './clock.js';
import { button, el, icon, setText } from './dom.js';
import { createKeyedList } from './keyed.js';
import { createRow, rowUpdater } from './message.js';
import { sameRow, toRows } from './rows.js';
import { createScroll } from './scroll.js';
import { createToolbar } from './toolbar.js';
import { createTopbar } from './topbar.js';
import { createVisibility } from './visibility.js';

/** Within this many pixels of an edge, the next page is requested. */
const EDGE_PX = 400;

/** @typedef {import('../controller.js').Controller} Controller */
/** @typedef {import('../state/initial.js').State} State */
/** @typedef {import('../state/room.js').Room} Room */

/** @param {Controller} controller */
export function createTimeline(controller) {
  const list = el('ol', { class: 'messages', on: { pointerover: addTimeTooltip } });
  const top = createTopbar(controller);
  const attributes = { class: 'timeline', role: 'log', 'aria-live': 'off', tabindex: '0' };
  const log = el('div', { ...attributes, 'aria-label': TIMELINE.log }, top.node, list);
  const jump = createJump(toEnd);
  const node = el('div', { class: 'timeline-frame' }, log, jump.node);
  const draw = createKeyedList(list, createRow, rowUpdater(controller), sameRow);
  const visibility = createVisibility(log, list, controller);
  const scroll = createScroll(log, list, onScroll);
  const landing = createLanding(list, scroll);
  log.addEventListener('keydown', keysOn(log, list, createToolbar(list, controller)));

  /** @type {Room|null} */ let room = null;
  /** @type {State['commands']|null} */ let commands = null;
  /** @type {State['blocked']|null} */ let blocked = null;

  function onScroll() {
    scroll.look(Boolean(room?.past));
    settle();
  }

  function toEnd() {
    controller.intend('toEnd');
    scroll.followEnd();
    settle();
  }

  /** Updates what depends on the scroll position: jump button, page loads, read marker. */
  function settle() {
    if (!room) return;
    const following = scroll.isFollowing();
    jump.update(following, room.unread);
    // Before the view is at the first unread message, its place says nothing about the reader.
    if (!landing.isDone(room)) return;
    if (log.scrollTop < EDGE_PX && (room.past ?? room).older === 'idle') controller.intend('older');
    if (room.past?.newer === 'idle' && scroll.fromEnd() < EDGE_PX) controller.intend('newer');
    controller.intend('trim', { following });
    visibility.look(room);
  }

  /** @param {State} state @param {Room} next */
  function drawRows(state, next) {
    top.update(next, titleOf(state, next));
    const about = {
      me: state.me?.username ?? '',
      personOf: (/** @type {string} */ name) => personOf(state, name),
      changes: changesOf(state, next.name),
      blocked: state.blocked,
    };
    draw(toRows(next, about));
    log.setAttribute('aria-label', TIMELINE.logOf(titleOf(state, next)));
    log.setAttribute('aria-busy', String(next.history !== 'ready' && !next.closed));
  }

  return {
    node,
    toEnd,
    end: visibility.end,
    /** @param {number} pages */
    page(pages) {
      log.scrollBy({ top: pages * log.clientHeight * 0.85 });
    },
    /** @param {State} state */
    update(state) {
      const next = state.rooms.get(state.current);
      const isSame = state.commands === commands && state.blocked === blocked;
      if (!next || (next === room && isSame)) return;
      // Measured before the rows change and restored after; the first position needs the new rows.
      const isOwnAdded = next.pending.length > (room?.pending.length ?? 0);
      const switched = room?.name !== next.name;
      if (switched) landing.begin();
      scroll.prepare({ inPast: next.past !== null, toEnd: switched || isOwnAdded });
      room = next;
      ({ commands, blocked } = state);
      const anchors = scroll.anchors();
      drawRows(state, next);
      scroll.hold(anchors);
      landing.update(next);
      scroll.drawn();
      settle();
    },
  };
}

/**
 * Moves the view of a room that was opened: to the message that was jumped to, or to the line of
 * new messages.
 * @param {HTMLElement} list
 * @param {ReturnType<typeof createScroll>} scroll
 */
function createLanding(list, scroll) {
  /** The number of the landing that is done; -1 before the room's first. */
  let landed = -1;
  let jumped = 0;

  /** Whether the rows at which the view opens are loaded. @param {Room} room */
  function isReady(room) {
    if (room.past) return room.past.status === 'ready' || room.past.status === 'failed';
    return room.history === 'ready' && room.held.length === 0 && room.cursor >= room.lastSeq;
  }

  /** @param {Room} room @returns {boolean} whether the view moved to a message */
  function aim({ target, past }) {
    if (!target || target.jump === jumped) return false;
    const row = /** @type {HTMLElement|null} */ (list.querySelector(`[data-seq="${target.seq}"]`));
    if (!row) return false;
    jumped = target.jump;
    scroll.showTarget(row, past !== null);
    return true;
  }

  return {
    begin() {
      [landed, jumped] = [-1, 0];
    },
    /** @param {Room} room */
    isDone: (room) => landed === room.landings,
    /** @param {Room} room */
    update(room) {
      const aimed = aim(room);
      if (landed === room.landings || !isReady(room)) return;
      landed = room.landings;
      const line = /** @type {HTMLElement|null} */ (list.querySelector('.new'));
      if (line && !aimed) scroll.showLine(line, room.past !== null);
    },
  };
}

/** The button to the newest message, with the number of unread ones. @param {() => void} go */
function createJump(go) {
  const label = el('span', {});
  const node = button('jump', go, icon('down'), label);
  node.hidden = true;
  return {
    node,
    /** @param {boolean} following @param {number} unread */
    update(following, unread) {
      node.hidden = following;
      setText(label, TIMELINE.jump(unread));
    },
  };
}

/**
 * Sets a row's tooltip with its time when the pointer first enters it, so that not every row is
 * formatted.
 * @param {PointerEvent} event
 */
function addTimeTooltip({ target }) {
  const at = /** @type {HTMLElement} */ (target);
  if (at.dataset.ts && !at.title) at.title = momentOf(Number(at.dataset.ts));
}

/**
 * Returns the handler of keys on messages: up and down move the focus, others go to the toolbar.
 * @param {HTMLElement} log
 * @param {HTMLElement} list
 * @param {ReturnType<typeof createToolbar>} toolbar
 */
function keysOn(log, list, toolbar) {
  /** @param {HTMLElement} at @param {boolean} up */
  function walk(at, up) {
    const rows = /** @type {HTMLElement[]} */ ([...list.querySelectorAll('.message')]);
    const from = at === log ? (up ? rows.length : -1) : rows.indexOf(at);
    rows[from + (up ? -1 : 1)]?.focus();
  }

  return (/** @type {KeyboardEvent} */ event) => {
    const at = /** @type {HTMLElement} */ (event.target);
    const isModified = event.ctrlKey || event.metaKey || event.altKey;
    if (isModified || (at !== log && !at.matches('.message'))) return;
    if (event.key === 'ArrowUp' || event.key === 'ArrowDown') walk(at, event.key === 'ArrowUp');
    else if (event.key === 'Escape' && at !== log) log.focus();
    else if (!toolbar.key(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  };
}
