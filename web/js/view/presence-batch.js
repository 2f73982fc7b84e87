// Merges neighbouring lines about people who came and went into one. Pure.

import { CAME_AND_WENT, listOf } from '../messages.js';

/** Names in a line before the rest is a number. */
const NAMES_MAX = 4;

/** @typedef {import('../state/entries.js').Line} Line */

/** Whether a line is about one person, not about many. @param {Line} line */
export function isComingOrGoing(line) {
  return Object.hasOwn(CAME_AND_WENT, line.event) && line.names.length === 1;
}

/** The sentence of such lines together. @param {Line[]} lines @returns {string} */
export function comingsAndGoings(lines) {
  /** @type {Map<string, Set<string>>} */
  const runs = new Map();
  for (const { event, names } of lines) {
    const run = runs.get(event) ?? new Set();
    runs.set(event, run.add(names[0]));
  }
  return [...runs]
    .map(([event, names]) => `${shortened([...names])} ${CAME_AND_WENT[event]}`)
    .join(' · ');
}

/** @param {string[]} names */
function shortened(names) {
  if (names.length <= NAMES_MAX) return listOf(names, 0);
  return listOf(names.slice(0, NAMES_MAX - 1), names.length - NAMES_MAX + 1);
}
