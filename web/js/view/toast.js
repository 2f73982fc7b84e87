// A sentence that goes away by itself.

import { el } from './dom.js';

const SHOWN_MS = 5_000;

/** @param {string} text */
export function say(text) {
  const node = el('p', { class: 'toast', role: 'status' }, text);
  document.body.append(node);
  setTimeout(() => node.remove(), SHOWN_MS);
}
