// One row of the timeline as an element.

import { MESSAGE } from '../messages.js';
import { createAvatar, hueClass } from './avatar.js';
import { dayOf, timeOf } from './clock.js';
import { el } from './dom.js';
import { isEmojiOnly, pieces } from './richtext.js';

/** @param {any} row @returns {HTMLElement} */
export function createRow(row) {
  return el('li', { 'data-key': row.key, tabindex: row.kind === 'message' ? '-1' : null });
}

/** @param {import('../controller.js').Controller} controller */
export function rowUpdater(controller) {
  return (/** @type {HTMLElement} */ node, /** @type {any} */ row) => {
    if (row.kind === 'day') return fill(node, 'day', el('span', {}, dayOf(row.ts, Date.now())));
    if (row.kind === 'new') return fill(node, 'new', el('span', {}, MESSAGE.new));
    if (row.kind === 'system') {
      return fill(node, 'line', el('span', { 'data-ts': row.entry.ts, dir: 'auto' }, row.text));
    }
    return drawMessage(node, row, controller);
  };
}

/**
 * What is drawn is a child of its own, beside which the toolbar may stand.
 * @param {HTMLElement} node
 * @param {string} className
 * @param {...(Node|null)} children
 */
function fill(node, className, ...children) {
  const content = el('div', { class: 'row' }, ...children);
  node.className = className;
  const old = node.querySelector(':scope > .row');
  if (old) old.replaceWith(content);
  else node.append(content);
}

/**
 * @param {HTMLElement} node
 * @param {any} row
 * @param {import('../controller.js').Controller} controller
 */
function drawMessage(node, row, controller) {
  const { entry, mine, starts, ends } = row;
  const trouble = entry.pending?.status === 'failed' || entry.change?.status === 'failed';
  const waiting =
    !trouble && ((entry.pending && entry.pending.status !== 'stored') || entry.change);
  const names = [
    'message',
    mine ? 'mine' : 'theirs',
    starts && 'starts',
    ends && 'ends',
    trouble && 'failed',
    waiting && 'waiting',
    entry.deleted && 'gone',
    row.names && 'names-me',
  ];
  // The speaker is told to screen readers for every message, since they hear rows one by one.
  const byline = el(
    'p',
    { class: starts && !mine ? `byline ${hueClass(entry.username)}` : 'byline unseen' },
    el(
      'bdi',
      { class: 'name', title: row.name === entry.username ? null : `@${entry.username}` },
      mine ? MESSAGE.you : row.name,
    ),
    !mine && row.name !== entry.username && el('span', { class: 'handle' }, `@${entry.username}`),
    entry.bot && el('span', { class: 'tag' }, MESSAGE.bot),
  );
  const big = !entry.deleted && isEmojiOnly(entry.text);
  const bubble = el(
    'div',
    { class: big ? 'bubble big' : 'bubble', dir: 'auto' },
    quoteOf(row, controller),
    textOf(entry),
    metaOf(entry, waiting),
  );
  const body = el(
    'div',
    { class: 'body' },
    byline,
    bubble,
    reactionsOf(entry, controller),
    trouble && troubleOf(entry, row, controller),
  );
  const avatar = mine
    ? null
    : starts
      ? createAvatar({ username: entry.username, name: row.name, avatar: row.avatar })
      : el('span', { class: 'avatar-gap' });
  if (entry.seq) node.dataset.seq = entry.seq;
  const held = node.contains(document.activeElement)
    ? /** @type {HTMLElement} */ (document.activeElement).dataset.emoji
    : undefined;
  fill(node, names.filter(Boolean).join(' '), ...(avatar ? [avatar, body] : [body]));
  if (!held) return;
  const chip = node.querySelector(`[data-emoji="${CSS.escape(held)}"]`) ?? node;
  /** @type {HTMLElement} */ (chip).focus();
}

/** @param {any} row @param {import('../controller.js').Controller} controller */
function quoteOf({ entry, quote, quoteName }, controller) {
  if (entry.replyTo === null || entry.deleted) return null;
  const text = !quote
    ? MESSAGE.earlier
    : quote.deleted
      ? MESSAGE.deleted
      : quote.text.slice(0, 140);
  return el(
    'button',
    {
      type: 'button',
      class: 'quote',
      on: { click: () => controller.intend('jump', { seq: entry.replyTo }) },
    },
    el('span', { class: 'unseen' }, MESSAGE.inReplyTo),
    quoteName && el('bdi', { class: `name ${hueClass(quote.username)}` }, quoteName),
    el('span', { dir: 'auto' }, text),
  );
}

/** @param {any} entry */
function textOf(entry) {
  if (entry.deleted) return el('span', { class: 'text' }, MESSAGE.deleted);
  return el('span', { class: 'text' }, ...pieces(entry.text, entry.mentions).map(toNode));
}

/** @param {import('./richtext.js').Piece} piece @returns {Node|string} */
function toNode(piece) {
  switch (piece.kind) {
    case 'block':
      return el('pre', { tabindex: '0' }, el('code', {}, piece.text));
    case 'code':
      return el('code', {}, piece.text);
    case 'link':
      return el(
        'a',
        { href: piece.text, target: '_blank', rel: 'noopener noreferrer' },
        piece.text,
      );
    case 'mention':
      return el('span', { class: 'mention' }, piece.text);
    case 'strong':
    case 'em':
      return el(piece.kind, {}, ...piece.pieces.map(toNode));
    case 'strike':
      return el('s', {}, ...piece.pieces.map(toNode));
    default:
      return piece.text;
  }
}

/** @param {any} entry @param {boolean} waiting */
function metaOf(entry, waiting) {
  const time = el(
    'time',
    { datetime: new Date(entry.ts).toISOString(), 'data-ts': entry.ts },
    timeOf(entry.ts),
  );
  const edited =
    entry.editedTs && !entry.deleted && el('span', { 'data-ts': entry.editedTs }, MESSAGE.edited);
  return el(
    'div',
    { class: 'meta' },
    edited,
    waiting
      ? el('span', { class: 'sending' }, entry.change ? MESSAGE.saving : MESSAGE.sending)
      : time,
  );
}

/** @param {any} entry @param {import('../controller.js').Controller} controller */
function reactionsOf(entry, controller) {
  if (entry.reactions.size === 0) return null;
  const chips = [...entry.reactions].map(([emoji, { n, me, who }]) => {
    const names = MESSAGE.reactors(who ?? [], n);
    const toggle = () =>
      controller.act({
        type: 'react',
        room: controller.state().current,
        seq: entry.seq,
        emoji,
        on: !me,
      });
    return el(
      'li',
      {},
      el(
        'button',
        {
          type: 'button',
          class: me ? 'chip own' : 'chip',
          'data-emoji': emoji,
          'aria-pressed': String(me),
          title: names,
          'aria-label': `${emoji} ${n}, ${names}`,
          on: { click: toggle },
        },
        `${emoji} ${n}`,
      ),
    );
  });
  return el('ul', { class: 'reactions', 'aria-label': MESSAGE.reactions }, ...chips);
}

/** @param {any} entry @param {any} row @param {import('../controller.js').Controller} controller */
function troubleOf(entry, row, controller) {
  const key = row.waiting?.find((/** @type {any} */ kept) => kept.status === 'failed')?.key;
  const [again, discard, fields, what] = entry.pending
    ? ['retry', 'discard', { nonce: entry.pending.nonce }, MESSAGE.notSent]
    : ['retryCommand', 'discardCommand', { key }, MESSAGE.notChanged];
  const error = (entry.pending ?? entry.change).error || MESSAGE.refused;
  return el(
    'div',
    { class: 'trouble', role: 'alert' },
    el('span', {}, MESSAGE.trouble(what, error)),
    el(
      'button',
      { type: 'button', class: 'link', on: { click: () => controller.intend(again, fields) } },
      MESSAGE.retry,
    ),
    el(
      'button',
      { type: 'button', class: 'link', on: { click: () => controller.intend(discard, fields) } },
      MESSAGE.discard,
    ),
  );
}
