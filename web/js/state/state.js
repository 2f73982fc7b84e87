// All that the page knows, and the one function that changes it.
// An input is {frame} from the server or {intent} from the page, so that no frame can pass for an
// intention.

import { frames } from './frames.js';
import { intents } from './intents.js';
import { isResumed } from './room.js';

/** @typedef {import('./initial.js').State} State */

/** @param {State} state @param {any} input @returns {State} */
export function reduce(state, input) {
  if (input.intent) {
    return Object.hasOwn(intents, input.intent) ? intents[input.intent](state, input) : state;
  }
  const { frame, now = 0 } = input;
  const next = frames(state, frame, now);
  if (frame.re === undefined || !next.asked.has(frame.re)) return next;
  const asked = new Map(next.asked);
  asked.delete(frame.re);
  return { ...next, asked };
}

/**
 * The seq we have of each room that we have read.
 * @param {State} state
 * @returns {Record<string, number>}
 */
export function resumePoints(state) {
  const resumed = [...state.rooms.values()].filter((room) => !room.closed && isResumed(room));
  return Object.fromEntries(resumed.map((room) => [room.name, room.cursor]));
}
