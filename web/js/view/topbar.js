// What stands above the oldest message: the room's beginning, a wait, or what went wrong.

import { el, kindIcon } from './dom.js';

/** @param {import('../controller.js').Controller} controller */
export function createTop(controller) {
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

/** @param {import('../state/room.js').Room} room */
function failureOf(room) {
  const { past } = room;
  if (past?.status === 'failed') {
    return { retry: 'toEnd', label: 'Back to the latest', error: past.error };
  }
  if (room.history === 'failed') return { retry: 'reload', label: 'Try again', error: room.error };
  if ((past ?? room).older === 'failed') {
    return { retry: 'older', label: 'Try again', error: (past ?? room).error };
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
      el('p', { role: 'alert' }, `These messages could not be read. ${failure.error} `),
      el(
        'button',
        { type: 'button', class: 'link', on: { click: () => controller.intend(failure.retry) } },
        failure.label,
      ),
    ];
  }
  if (isLoading(room)) {
    return [
      el('span', { class: 'spinner', role: 'status', 'aria-label': 'Loading older messages' }),
    ];
  }
  const direct = room.kind === 'direct';
  const sentence = direct
    ? 'Only the two of you read this.'
    : 'This is where it begins. Say hello!';
  return [
    el(
      'div',
      { class: 'start' },
      el('span', { class: 'start-mark' }, kindIcon(room.kind)),
      el('h2', {}, direct ? title : `Welcome to ${title}`),
      el('p', {}, sentence),
    ),
  ];
}
