// A person's picture from the server. While it loads, or where there is none, a letter in the
// person's colour shows instead.

import { el } from './dom.js';

const HUES = 10;

/**
 * The same colour for the same name on every screen.
 * @param {string} username
 * @returns {string} a class name
 */
export function hueClass(username) {
  let hash = 0x811c9dc5;
  for (const letter of username.toLowerCase()) {
    hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  }
  return `hue-${(hash >>> 0) % HUES}`;
}

/**
 * @param {{username: string, name?: string, avatar?: string|null}} person
 * @returns {HTMLElement}
 */
export function createAvatar({ username, name, avatar }) {
  const letter = [...(name || username)][0]?.toUpperCase() ?? '?';
  const node = el('span', { class: `avatar ${hueClass(username)}`, 'aria-hidden': 'true' }, letter);
  if (typeof avatar === 'string' && /^\/avatars\/[\w.~-]+(?:\?[\w.=&-]*)?$/u.test(avatar)) {
    const image = el('img', { src: avatar, alt: '', loading: 'lazy', decoding: 'async' });
    image.addEventListener('error', () => image.remove());
    node.append(image);
  }
  return node;
}
