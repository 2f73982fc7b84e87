// Completes what is being written: @names of the room's people, :emoji: by their names.

import { displayName, sortedPeople } from '../state/people.js';
import { LOBBY } from '../state/rooms.js';
import { el } from './dom.js';

const OFFERED_MAX = 8;
/** Two letters at least of an emoji's name, so that ":D" stays what it is. */
const WORD =
  /(?:^|[\s(])(?:(?<mark>@)(?<word>[\p{L}\p{N}._-]{1,32})|(?<colon>:)(?<name>[\p{L}\p{N}_+-]{2,32}))$/u;

/** @typedef {{label: string, hint: string, text: string}} Offer */

/**
 * @param {HTMLTextAreaElement} input
 * @param {import('../controller.js').Controller} controller
 * @param {() => void} changed
 */
export function createCompletion(input, controller, changed) {
  const node = el('ul', {
    class: 'offers',
    role: 'listbox',
    id: 'offers',
    'aria-label': 'Suggestions',
    hidden: true,
  });
  input.setAttribute('aria-autocomplete', 'list');
  input.setAttribute('aria-controls', 'offers');
  /** @type {Offer[]} */ let offers = [];
  let chosen = 0;
  let from = 0;

  async function look() {
    const before = input.value.slice(0, input.selectionStart);
    const match = WORD.exec(before);
    if (!match?.groups) return close();
    const { mark, word = match.groups.name } = match.groups;
    const found = mark ? people(word.toLowerCase()) : await emoji(word.toLowerCase());
    // What was written meanwhile has its own look.
    if (input.value.slice(0, input.selectionStart) !== before) return;
    from = before.length - word.length - 1;
    offers = found.slice(0, OFFERED_MAX);
    chosen = 0;
    draw();
  }

  /** @param {string} word @returns {Offer[]} */
  function people(word) {
    const state = controller.state();
    const room = state.rooms.get(state.current) ?? state.rooms.get(LOBBY);
    const starts = (/** @type {string} */ text) =>
      text
        .toLowerCase()
        .split(/\s+/u)
        .some((part) => part.startsWith(word));
    return !room
      ? []
      : sortedPeople(room)
          .filter(
            (person) =>
              person.username !== state.me?.username &&
              (starts(person.username) || starts(displayName(person))),
          )
          .map((person) => ({
            label: displayName(person),
            hint: `@${person.username}`,
            text: `@${person.username} `,
          }));
  }

  function draw() {
    node.hidden = offers.length === 0;
    node.replaceChildren(
      ...offers.map((offer, at) =>
        el(
          'li',
          {
            role: 'option',
            id: `offer-${at}`,
            'aria-selected': String(at === chosen),
            on: {
              pointerdown: (/** @type {Event} */ event) => {
                event.preventDefault();
                take(at);
              },
            },
          },
          el('bdi', {}, offer.label),
          el('span', { class: 'hint' }, offer.hint),
        ),
      ),
    );
    if (offers.length > 0) input.setAttribute('aria-activedescendant', `offer-${chosen}`);
    else input.removeAttribute('aria-activedescendant');
  }

  /** @param {number} at */
  function take(at) {
    input.setRangeText(offers[at].text, from, input.selectionStart, 'end');
    close();
    changed();
  }

  function close() {
    if (offers.length === 0) return;
    offers = [];
    draw();
  }

  input.addEventListener('blur', close);
  return {
    node,
    look,
    close,
    /** @param {KeyboardEvent} event @returns {boolean} whether it was for the suggestions */
    key(event) {
      if (offers.length === 0 || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) {
        return false;
      }
      const step = { ArrowDown: 1, ArrowUp: offers.length - 1 }[event.key];
      if (step) {
        chosen = (chosen + step) % offers.length;
        draw();
      } else if (event.key === 'Enter' || event.key === 'Tab') take(chosen);
      else if (event.key === 'Escape') close();
      else return false;
      event.preventDefault();
      return true;
    },
  };
}

/** @param {string} word @returns {Promise<Offer[]>} */
async function emoji(word) {
  const names = await import('./emoji-names.js').catch(() => null);
  if (!names) return [];
  return names
    .findEmoji(word)
    .map(([sign, name]) => ({ label: sign, hint: `:${name}:`, text: `${sign} ` }));
}
