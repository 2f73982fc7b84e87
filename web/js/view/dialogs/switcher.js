// Goes to a room or a person by a few letters.

import { displayName } from '../../state/people.js';
import { LOBBY, titleOf } from '../../state/rooms.js';
import { el, icon, kindIcon } from '../dom.js';
import { orderedRooms } from '../roomlist.js';
import { openDialog } from './dialog.js';
import { openSearch } from './search.js';

const OFFERED_MAX = 12;

/**
 * @param {import('../../controller.js').Controller} controller
 * @param {(room: string) => void} enter
 */
export function openSwitcher(controller, enter) {
  const input = el('input', {
    type: 'text',
    'aria-label': 'Room, person or words',
    placeholder: 'Room, person or words',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-controls': 'switch-list',
    'aria-autocomplete': 'list',
  });
  const list = el('ul', {
    class: 'switch-list',
    role: 'listbox',
    id: 'switch-list',
    'aria-label': 'Where to',
  });
  const dialog = openDialog({ title: 'Go to' }, input, list);
  /** @type {{mark: Node, label: string, hint: string, go: () => void}[]} */ let offers = [];
  let chosen = 0;
  input.addEventListener('input', look);
  input.addEventListener('keydown', onKey);
  input.focus();
  look();

  function look() {
    const state = controller.state();
    const word = input.value.trim().toLowerCase();
    const fits = (/** @type {string[]} */ ...texts) =>
      texts.some((text) => text.toLowerCase().includes(word));
    const unreadFirst = (/** @type {any} */ a, /** @type {any} */ b) =>
      word ? 0 : Number(b.unread > 0) - Number(a.unread > 0);
    const rooms = orderedRooms(state)
      .filter((room) => fits(titleOf(state, room), room.with ?? ''))
      .sort(unreadFirst)
      .map((room) => ({
        mark: kindIcon(room.kind),
        label: titleOf(state, room),
        hint: room.unread > 0 ? `${room.unread} unread` : room.topic,
        go: () => enter(room.name),
      }));
    const known = new Set([...state.rooms.values()].map((room) => room.with));
    const people = !word
      ? []
      : [...(state.rooms.get(LOBBY)?.people.values() ?? [])]
          .filter(
            (person) =>
              person.username !== state.me?.username &&
              !known.has(person.username) &&
              fits(person.username, displayName(person)),
          )
          .map((person) => ({
            mark: kindIcon('direct'),
            label: displayName(person),
            hint: `write to @${person.username}`,
            go: () => {
              controller.act({ type: 'dm', username: person.username }, { open: true });
            },
          }));
    const search = word
      ? [
          {
            mark: icon('search'),
            label: `Search for “${input.value.trim()}”`,
            hint: '',
            go: () => openSearch(controller, input.value.trim()),
          },
        ]
      : [];
    offers = [...[...rooms, ...people].slice(0, OFFERED_MAX), ...search];
    chosen = 0;
    draw();
  }

  function draw() {
    list.replaceChildren(
      ...offers.map((offer, at) =>
        el(
          'li',
          {
            role: 'option',
            id: `switch-${at}`,
            'aria-selected': String(at === chosen),
            on: { click: () => take(at) },
          },
          offer.mark,
          el('bdi', { class: 'name' }, offer.label),
          el('span', { class: 'hint' }, offer.hint),
        ),
      ),
    );
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
