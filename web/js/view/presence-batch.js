// Neighbouring lines of who came and went, told in one. Pure.

/** Names told before the rest is a number. */
const NAMES_MAX = 4;

/** @type {Record<string, string>} */
const VERBS = {
  joined_chat: 'joined the chat',
  left_chat: 'left the chat',
  joined: 'joined',
  left: 'left',
};

/** @typedef {import('../state/entries.js').Line} Line */

/** A line about one person. Those about many are the server's own sentence. @param {Line} line */
export function isComingOrGoing(line) {
  return Object.hasOwn(VERBS, line.event) && line.names.length === 1;
}

/** @param {Line[]} lines @returns {string} */
export function comingsAndGoings(lines) {
  /** @type {{event: string, names: Set<string>}[]} */
  const runs = [];
  for (const { event, names } of lines) {
    const run = runs.find((one) => one.event === event) ?? { event, names: new Set() };
    if (run.names.size === 0) runs.push(run);
    run.names.add(names[0]);
  }
  return runs.map(({ event, names }) => `${listed([...names])} ${VERBS[event]}`).join(' · ');
}

/** @param {string[]} names */
function listed(names) {
  if (names.length <= 1) return names.join('');
  const rest = names.length > NAMES_MAX ? [`${names.length - NAMES_MAX + 1} others`] : [];
  const told = [...names.slice(0, rest.length > 0 ? NAMES_MAX - 1 : NAMES_MAX), ...rest];
  return `${told.slice(0, -1).join(', ')} and ${told.at(-1)}`;
}
