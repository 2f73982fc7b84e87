// Completes what is being written: @names of the room's people, :emoji: by their names.

import { SUGGESTIONS } from '../messages.js';
import { displayName, sortedPeople } from '../state/people.js';
import { LOBBY } from '../state/names.js';
import { el } from './dom.js';

const OFFERED_MAX = 8;
/** An emoji's name needs two letters, so that ":D" is left alone. */
const WORD =
  /(?:^|[\s(])(?:(?<mark>@)(?<word>[\p{L}\p{N}._-]{1,32})|:(?<name>[\p{L}\p{N}_+-]{2,32}))$/u;

/** @typedef {import('../state/initial.js').State} State */
/** @typedef {{label: string, hint: string, text: string}} Offer */

/**
 * @param {HTMLTextAreaElement} input
 * @param {import('../controller.js').Controller} controller
 * @param {() => void} changed
 */
export function createCompletion(input, controller, changed) {
  const list = createOffers(input, take);
  let from = 0;
  /** The text before the caret when the offers were made. */
  let completed = '';

  const beforeCaret = () => input.value.slice(0, input.selectionStart);

  async function look() {
    const before = beforeCaret();
    const match = WORD.exec(before);
    if (!match?.groups) return list.close();
    const { mark, word = match.groups.name } = match.groups;
    const lower = word.toLowerCase();
    const found = mark ? people(controller.state(), lower) : await emoji(lower);
    // The text changed meanwhile, which started a search of its own.
    if (beforeCaret() !== before) return;
    from = before.length - word.length - 1;
    completed = before;
    list.show(found.slice(0, OFFERED_MAX));
  }

  /** @param {Offer} offer */
  function take({ text }) {
    input.setRangeText(text, from, input.selectionStart, 'end');
    list.close();
    changed();
  }

  input.addEventListener('blur', list.close);
  // Offers belong to the place where they were made: a caret that moved ends them.
  document.addEventListener('selectionchange', () => {
    if (document.activeElement === input && beforeCaret() !== completed) list.close();
  });
  return { node: list.node, look, close: list.close, key: list.key };
}

/**
 * The list of offers below the field, and the keys that work on it.
 * @param {HTMLTextAreaElement} input
 * @param {(offer: Offer) => void} take
 */
function createOffers(input, take) {
  const attributes = { class: 'offers', role: 'listbox', id: 'offers', hidden: true };
  const node = el('ul', { ...attributes, 'aria-label': SUGGESTIONS });
  input.setAttribute('aria-autocomplete', 'list');
  input.setAttribute('aria-controls', 'offers');
  /** @type {Offer[]} */ let offers = [];
  let chosen = 0;

  function draw() {
    node.hidden = offers.length === 0;
    node.replaceChildren(...offers.map(toItem));
    if (offers.length > 0) input.setAttribute('aria-activedescendant', `offer-${chosen}`);
    else input.removeAttribute('aria-activedescendant');
  }

  /** @param {Offer} offer @param {number} at */
  function toItem(offer, at) {
    const press = (/** @type {Event} */ event) => {
      event.preventDefault();
      take(offer);
    };
    const selected = { id: `offer-${at}`, 'aria-selected': String(at === chosen) };
    return el(
      'li',
      { role: 'option', ...selected, on: { pointerdown: press } },
      el('bdi', {}, offer.label),
      el('span', { class: 'hint' }, offer.hint),
    );
  }

  function close() {
    if (offers.length === 0) return;
    offers = [];
    draw();
  }

  return {
    node,
    close,
    /** @param {Offer[]} found */
    show(found) {
      offers = found;
      chosen = 0;
      draw();
    },
    /** @param {KeyboardEvent} event @returns {boolean} whether it was for the suggestions */
    key(event) {
      const isModified = event.shiftKey || event.ctrlKey || event.metaKey || event.altKey;
      if (offers.length === 0 || isModified) return false;
      const step = { ArrowDown: 1, ArrowUp: offers.length - 1 }[event.key];
      if (step) {
        chosen = (chosen + step) % offers.length;
        draw();
      } else if (event.key === 'Enter' || event.key === 'Tab') take(offers[chosen]);
      else if (event.key === 'Escape') close();
      else return false;
      event.preventDefault();
      return true;
    },
  };
}

/** The open room's people whose names begin so. @param {State} state @param {string} word */
function people(state, word) {
  const room = state.rooms.get(state.current) ?? state.rooms.get(LOBBY);
  const begins = (/** @type {string} */ text) =>
    text
      .toLowerCase()
      .split(/\s+/u)
      .some((part) => part.startsWith(word));
  return (room ? sortedPeople(room) : [])
    .filter(({ username }) => username !== state.me?.username)
    .filter((person) => begins(person.username) || begins(displayName(person)))
    .map((person) => ({
      label: displayName(person),
      hint: `@${person.username}`,
      text: `@${person.username} `,
    }));
}

/** @param {string} word @returns {Promise<Offer[]>} */
async function emoji(word) {
  const names = await import('./emoji-names.js').catch(() => null);
  if (!names) return [];
  return names
    .findEmoji(word)
    .map(([sign, name]) => ({ label: sign, hint: `:${name}:`, text: `${sign} ` }));
}
