// The state of the page, and the one function that changes it.
// An input is {frame} from the server or {intent} from the page, so that no frame can pass for an
// intention.

import { frames } from './frames.js';
import { intend } from './intents.js';
import { isResumed } from './room.js';
import { idOf } from '../wire.js';

/** @typedef {import('./initial.js').State} State */

/** @param {State} state @param {import('../../types/inputs').Input} input @returns {State} */
export function reduce(state, input) {
  if ('intent' in input) return intend(state, input);
  const { frame, now = 0 } = input;
  const next = frames(state, frame, now);
  const id = idOf(frame);
  if (!next.asked.has(id)) return next;
  const asked = new Map(next.asked);
  asked.delete(id);
  return { ...next, asked };
}

/**
 * Returns the last seq that is held of each room that was read.
 * @param {State} state
 * @returns {Record<string, number>}
 */
export function resumePoints(state) {
  const resumed = [...state.rooms.values()].filter((room) => !room.closed && isResumed(room));
  return Object.fromEntries(resumed.map((room) => [room.name, room.cursor]));
}
