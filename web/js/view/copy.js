// Copies a text and says so. Over plain HTTP browsers offer no clipboard, so the older way is used.

import { COPIED, NOT_COPIED } from '../messages.js';
import { el } from './dom.js';
import { say } from './toast.js';

/** @param {string} text */
export async function copyText(text) {
  say((await copied(text)) ? COPIED : NOT_COPIED);
}

/** @param {string} text @returns {Promise<boolean>} whether it was copied */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedBySelection(text);
  }
}

/** @param {string} text */
function copiedBySelection(text) {
  const before = /** @type {HTMLElement|null} */ (document.activeElement);
  const field = el('textarea', { class: 'unseen', readonly: true, 'aria-hidden': 'true' });
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand('copy');
  field.remove();
  before?.focus();
  return done;
}
