// The space above the oldest message: the room's beginning, a wait, or what went wrong.

import { TOP } from '../messages.js';
import { button, el, kindIcon } from './dom.js';

/** @param {import('../controller.js').Controller} controller */
export function createTopbar(controller) {
  const node = el('div', { class: 'top' });
  let mood = '';
  return {
    node,
    /** @param {import('../state/room.js').Room} room @param {string} title */
    update(room, title) {
      const next = moodOf(room, title);
      if (next === mood) return;
      mood = next;
      node.replaceChildren(...content(room, title, controller));
    },
  };
}

/**
 * @param {import('../state/room.js').Room} room
 * @returns {{retry: 'toEnd'|'reload'|'older', label: string, error: string}|null}
 */
function failureOf(room) {
  const { past } = room;
  if (past?.status === 'failed') {
    return { retry: 'toEnd', label: TOP.latest, error: past.error };
  }
  if (room.history === 'failed') return { retry: 'reload', label: TOP.retry, error: room.error };
  if ((past ?? room).older === 'failed') {
    return { retry: 'older', label: TOP.retry, error: (past ?? room).error };
  }
  return null;
}

/** @param {import('../state/room.js').Room} room */
function isLoading(room) {
  const shown = room.past ?? room;
  return (
    room.history !== 'ready' ||
    shown.older !== 'idle' ||
    shown.moreBefore ||
    (room.past !== null && room.past.status !== 'ready')
  );
}

/** @param {import('../state/room.js').Room} room @param {string} title */
function moodOf(room, title) {
  if (room.closed && room.history !== 'ready') return 'closed';
  const failure = failureOf(room);
  return failure
    ? `failed ${failure.retry} ${failure.error}`
    : isLoading(room)
      ? 'loading'
      : `start ${room.kind} ${title}`;
}

/**
 * @param {import('../state/room.js').Room} room
 * @param {string} title
 * @param {import('../controller.js').Controller} controller
 * @returns {Node[]}
 */
function content(room, title, controller) {
  const failure = failureOf(room);
  if (failure) {
    return [
      el('p', { role: 'alert' }, TOP.failed(failure.error)),
      button('link', () => controller.intend(failure.retry), failure.label),
    ];
  }
  // Of a room that the user left, only what was read before can be shown.
  if (room.closed && room.history !== 'ready') return [];
  if (isLoading(room)) {
    return [el('span', { class: 'spinner', role: 'status', 'aria-label': TOP.loading })];
  }
  const direct = room.kind === 'direct';
  const sentence = direct ? TOP.direct : TOP.begins;
  return [
    el(
      'div',
      { class: 'start' },
      el('span', { class: 'start-mark' }, kindIcon(room.kind)),
      el('h2', {}, direct ? title : TOP.welcome(title)),
      el('p', {}, sentence),
    ),
  ];
}
