// Picks an emoji.

import { EMOJI_PICKER } from '../../messages.js';
import { el } from '../dom.js';
import { findEmoji } from '../emoji-names.js';
import { openDialog } from './dialog.js';

const COLUMNS = 8;

/** @param {(emoji: string) => void} picked */
export function openEmoji(picked) {
  const input = el('input', {
    type: 'text',
    role: 'searchbox',
    'aria-label': EMOJI_PICKER.find,
    placeholder: EMOJI_PICKER.find,
    autocomplete: 'off',
    spellcheck: 'false',
    on: { input: draw, keydown: first },
  });
  const grid = el('div', {
    class: 'emoji-grid',
    role: 'group',
    'aria-label': EMOJI_PICKER.title,
    on: { keydown: arrows },
  });
  const dialog = openDialog({ title: EMOJI_PICKER.title }, input, grid);
  draw();
  input.focus();

  function draw() {
    grid.replaceChildren(
      ...findEmoji(input.value.trim().toLowerCase().replaceAll(':', '')).map(([sign, name]) =>
        el(
          'button',
          {
            type: 'button',
            'aria-label': name,
            title: `:${name}:`,
            on: { click: () => take(sign) },
          },
          sign,
        ),
      ),
    );
  }

  /** @param {string} sign */
  function take(sign) {
    dialog.close();
    picked(sign);
  }

  /** @param {KeyboardEvent} event */
  function first(event) {
    if (event.key !== 'Enter' && event.key !== 'ArrowDown') return;
    event.preventDefault();
    const button = /** @type {HTMLElement|null} */ (grid.firstElementChild);
    if (event.key === 'Enter') button?.click();
    else button?.focus();
  }

  /** @param {KeyboardEvent} event */
  function arrows(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = /** @type {HTMLElement[]} */ ([...grid.children]);
    const next = all[all.indexOf(/** @type {HTMLElement} */ (document.activeElement)) + step];
    (next ?? (step < 0 ? input : null))?.focus();
  }
}
