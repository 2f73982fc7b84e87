// Goes to a room or a person by a few letters.

import { SWITCHER } from '../../messages.js';
import { displayName } from '../../state/people.js';
import { LOBBY } from '../../state/names.js';
import { titleOf } from '../../state/rooms.js';
import { el, icon, kindIcon } from '../dom.js';
import { orderedRooms } from '../roomlist.js';
import { openDialog } from './dialog.js';
import { openSearch } from './search.js';

const OFFERED_MAX = 12;

/** @typedef {import('../../controller.js').Controller} Controller */
/** @typedef {import('../../state/room.js').Room} Room */
/** @typedef {{mark: Node, label: string, hint: string, go: () => void}} Offer */

/** @param {Controller} controller @param {(room: string) => void} enter */
export function openSwitcher(controller, enter) {
  const input = el('input', {
    type: 'text',
    'aria-label': SWITCHER.field,
    placeholder: SWITCHER.field,
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-controls': 'switch-list',
    'aria-autocomplete': 'list',
    on: { input: look, keydown: onKey },
  });
  const attributes = { class: 'switch-list', role: 'listbox', id: 'switch-list' };
  const list = el('ul', { ...attributes, 'aria-label': SWITCHER.list });
  const dialog = openDialog({ title: SWITCHER.title }, input, list);
  /** @type {Offer[]} */ let offers = [];
  let chosen = 0;
  input.focus();
  look();

  function look() {
    offers = offersFor(controller, input.value.trim(), enter);
    chosen = 0;
    draw();
  }

  function draw() {
    const items = offers.map(({ mark, label, hint }, at) => {
      const selected = String(at === chosen);
      return el(
        'li',
        {
          role: 'option',
          id: `switch-${at}`,
          'aria-selected': selected,
          on: { click: () => take(at) },
        },
        mark,
        el('bdi', { class: 'name' }, label),
        el('span', { class: 'hint' }, hint),
      );
    });
    list.replaceChildren(...items);
    input.setAttribute('aria-activedescendant', `switch-${chosen}`);
  }

  /** @param {number} at */
  function take(at) {
    const { go } = offers[at] ?? {};
    dialog.close();
    go?.();
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      chosen = (chosen + step + offers.length) % Math.max(1, offers.length);
      draw();
    } else if (event.key === 'Enter') take(chosen);
    else return;
    event.preventDefault();
  }
}

/**
 * The rooms and people that fit what was typed, and a search for it.
 * @param {Controller} controller
 * @param {string} typed
 * @param {(room: string) => void} enter
 * @returns {Offer[]}
 */
function offersFor(controller, typed, enter) {
  const word = typed.toLowerCase();
  const found = [...roomsFor(controller, word, enter), ...peopleFor(controller, word)];
  const search = {
    mark: icon('search'),
    label: SWITCHER.searchFor(typed),
    hint: '',
    go: () => openSearch(controller, typed),
  };
  return [...found.slice(0, OFFERED_MAX), ...(word ? [search] : [])];
}

/** @param {string} word @param {string[]} texts */
const fits = (word, ...texts) => texts.some((text) => text.toLowerCase().includes(word));

/** @param {Controller} controller @param {string} word @param {(room: string) => void} enter */
function roomsFor(controller, word, enter) {
  const state = controller.state();
  const unreadFirst = (/** @type {Room} */ a, /** @type {Room} */ b) =>
    word ? 0 : Number(b.unread > 0) - Number(a.unread > 0);
  return orderedRooms(state)
    .filter((room) => fits(word, titleOf(state, room), room.with ?? ''))
    .sort(unreadFirst)
    .map((room) => ({
      mark: kindIcon(room.kind),
      label: titleOf(state, room),
      hint: room.unread > 0 ? SWITCHER.unread(room.unread) : room.topic,
      go: () => enter(room.name),
    }));
}

/** People without a direct room yet. @param {Controller} controller @param {string} word */
function peopleFor(controller, word) {
  const state = controller.state();
  if (!word) return [];
  const known = new Set([...state.rooms.values()].map((room) => room.with));
  const everyone = [...(state.rooms.get(LOBBY)?.people.values() ?? [])];
  return everyone
    .filter(({ username }) => username !== state.me?.username && !known.has(username))
    .filter((person) => fits(word, person.username, displayName(person)))
    .map((person) => ({
      mark: kindIcon('direct'),
      label: displayName(person),
      hint: SWITCHER.messageTo(person.username),
      go: () => {
        controller.act({ type: 'dm', username: person.username }, { open: true });
      },
    }));
}
