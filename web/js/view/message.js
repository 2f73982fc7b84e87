// One row of the timeline as an element.

import { createAvatar, hueClass } from './avatar.js';
import { dayOf, momentOf, timeOf } from './clock.js';
import { el } from './dom.js';
import { isEmojiOnly, pieces } from './richtext.js';

/** @param {any} row @returns {HTMLElement} */
export function createRow(row) {
  return el('li', { 'data-key': row.key });
}

/** @param {any} actions */
export function rowUpdater(actions) {
  return (/** @type {HTMLElement} */ node, /** @type {any} */ row) => {
    if (row.kind === 'day') return fill(node, 'day', el('span', {}, dayOf(row.ts, Date.now())));
    if (row.kind === 'system') return fill(node, 'line', el('span', { title: momentOf(row.entry.ts), dir: 'auto' }, row.entry.text));
    return drawMessage(node, row, actions);
  };
}

/** @param {HTMLElement} node @param {string} className @param {...Node} children */
function fill(node, className, ...children) {
  node.className = className;
  node.replaceChildren(...children);
}

/** @param {HTMLElement} node @param {any} row @param {any} actions */
function drawMessage(node, row, actions) {
  const { entry, mine, starts, ends } = row;
  const failed = entry.pending?.status === 'failed';
  const waiting = entry.pending && !failed && entry.pending.status !== 'stored';
  const names = ['message', mine ? 'mine' : 'theirs', starts && 'starts', ends && 'ends', failed && 'failed', waiting && 'waiting', entry.deleted && 'gone'];
  // The speaker is told to screen readers for every message, since they hear rows one by one.
  const byline = el('p', { class: starts && !mine ? `byline ${hueClass(entry.username)}` : 'byline unseen' },
    el('bdi', { class: 'name', title: row.name === entry.username ? null : `@${entry.username}` }, mine ? 'You' : row.name),
    entry.bot && el('span', { class: 'tag' }, 'bot'));
  const big = !entry.deleted && isEmojiOnly(entry.text);
  const bubble = el('div', { class: big ? 'bubble big' : 'bubble', dir: 'auto' }, textOf(entry), metaOf(entry, waiting));
  const body = el('div', { class: 'body' }, byline, bubble, reactionsOf(entry), failed && troubleOf(entry, actions));
  const avatar = mine ? null : starts ? createAvatar({ username: entry.username, name: row.name, avatar: row.avatar }) : el('span', { class: 'avatar-gap' });
  fill(node, names.filter(Boolean).join(' '), ...(avatar ? [avatar, body] : [body]));
}

/** @param {any} entry */
function textOf(entry) {
  if (entry.deleted) return el('span', { class: 'text' }, 'This message was deleted.');
  return el('span', { class: 'text' }, ...pieces(entry.text).map(toNode));
}

/** @param {import('./richtext.js').Piece} piece */
function toNode(piece) {
  switch (piece.kind) {
    case 'block': return el('pre', { tabindex: '0' }, el('code', {}, piece.text));
    case 'code': return el('code', {}, piece.text);
    case 'link': return el('a', { href: piece.text, target: '_blank', rel: 'noopener noreferrer' }, piece.text);
    default: return piece.text;
  }
}

/** @param {any} entry @param {boolean} waiting */
function metaOf(entry, waiting) {
  const time = el('time', { datetime: new Date(entry.ts).toISOString(), title: momentOf(entry.ts) }, timeOf(entry.ts));
  const edited = entry.editedTs && !entry.deleted && el('span', { title: momentOf(entry.editedTs) }, 'edited');
  return el('div', { class: 'meta' }, edited, waiting ? el('span', { class: 'sending' }, 'sending') : time);
}

/** @param {any} entry */
function reactionsOf(entry) {
  if (entry.reactions.size === 0) return null;
  const chips = [...entry.reactions].map(([emoji, { n, me, who }]) => el('li', { class: me ? 'chip own' : 'chip', title: (who ?? []).join(', ') }, `${emoji} ${n}`));
  return el('ul', { class: 'reactions', 'aria-label': 'Reactions' }, ...chips);
}

/** @param {any} entry @param {any} actions */
function troubleOf(entry, actions) {
  const { nonce, error } = entry.pending;
  return el('div', { class: 'trouble', role: 'alert' },
    el('span', {}, `Not sent. ${error || 'The server refused it.'}`),
    el('button', { type: 'button', class: 'link', on: { click: () => actions.intend('retry', { nonce }) } }, 'Try again'),
    el('button', { type: 'button', class: 'link', on: { click: () => actions.intend('discard', { nonce }) } }, 'Discard'));
}
