// One row of the timeline as an element.

import { MESSAGE, blockedFrom } from '../messages.js';
import { isEmojiOnly } from '../text/emoji.js';
import { createAvatar, hueClass } from './avatar.js';
import { dayOf, timeOf } from './clock.js';
import { button, el } from './dom.js';
import { createText } from './text.js';

/** @typedef {import('../controller.js').Controller} Controller */
/** @typedef {import('./rows.js').Row} Row */
/** @typedef {import('./rows.js').MessageRow} MessageRow */
/** @typedef {import('./rows.js').Shown} Shown */

/** @param {Row} row @returns {HTMLElement} */
export function createRow(row) {
  return el('li', { 'data-key': row.key, tabindex: row.kind === 'message' ? '-1' : null });
}

/** @param {Controller} controller */
export function rowUpdater(controller) {
  /** @type {WeakSet<HTMLElement>} the rows of blocked people that the user opened */
  const opened = new WeakSet();

  /** @param {HTMLElement} node @param {MessageRow} row */
  function drawBlocked(node, row) {
    const open = () => {
      opened.add(node);
      drawMessage(node, row, controller);
      node.focus();
    };
    node.dataset.seq = String(row.entry.seq);
    const show = button('link', open, MESSAGE.show);
    fill(node, 'message blocked', blockedFrom(row.name), ' ', show);
  }

  return (/** @type {HTMLElement} */ node, /** @type {Row} */ row) => {
    if (row.kind === 'day') return fill(node, 'day', el('span', {}, dayOf(row.ts, Date.now())));
    if (row.kind === 'new') return fill(node, 'new', el('span', {}, MESSAGE.new));
    if (row.kind === 'system') {
      return fill(node, 'line', el('span', { 'data-ts': row.entry.ts, dir: 'auto' }, row.text));
    }
    if (row.blocked && !opened.has(node)) return drawBlocked(node, row);
    return drawMessage(node, row, controller);
  };
}

/**
 * Draws into a child of the row, so that the toolbar beside it stays.
 * @param {HTMLElement} node
 * @param {string} className
 * @param {...(Node|string)} children
 */
function fill(node, className, ...children) {
  const content = el('div', { class: 'row' }, ...children);
  // A message that was jumped to stands out until its time is over.
  node.className = className + (node.classList.contains('target') ? ' target' : '');
  const old = node.querySelector(':scope > .row');
  if (old) old.replaceWith(content);
  else node.append(content);
}

/**
 * @param {HTMLElement} node
 * @param {MessageRow} row
 * @param {Controller} controller
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
  // Screen readers read rows one by one, so every message names its sender.
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
  const withdrawable = waiting && entry.pending?.status === 'queued';
  const big = !entry.deleted && isEmojiOnly(entry.text);
  const bubble = el(
    'div',
    { class: big ? 'bubble big' : 'bubble', dir: 'auto' },
    quoteOf(row, controller),
    textOf(entry),
    metaOf(entry, Boolean(waiting)),
  );
  const body = el(
    'div',
    { class: 'body' },
    byline,
    bubble,
    reactionsOf(entry, controller),
    trouble && troubleOf(row, controller),
    withdrawable && withdrawOf(entry.pending, controller),
  );
  const avatar = mine
    ? null
    : starts
      ? createAvatar({ username: entry.username, name: row.name, avatar: row.avatar })
      : el('span', { class: 'avatar-gap' });
  if (entry.seq) node.dataset.seq = String(entry.seq);
  const held = node.contains(document.activeElement)
    ? /** @type {HTMLElement} */ (document.activeElement).dataset.emoji
    : undefined;
  fill(node, names.filter(Boolean).join(' '), ...(avatar ? [avatar, body] : [body]));
  if (!held) return;
  const chip = node.querySelector(`[data-emoji="${CSS.escape(held)}"]`) ?? node;
  /** @type {HTMLElement} */ (chip).focus();
}

/** @param {MessageRow} row @param {Controller} controller */
function quoteOf({ entry, quote, quoteName }, controller) {
  const { replyTo: seq } = entry;
  if (seq === null || entry.deleted) return null;
  const text = !quote
    ? MESSAGE.earlier
    : quote.deleted
      ? MESSAGE.deleted
      : quote.text.slice(0, 140);
  return button(
    'quote',
    () => controller.intend('jump', { seq }),
    el('span', { class: 'unseen' }, MESSAGE.inReplyTo),
    quote && el('bdi', { class: `name ${hueClass(quote.username)}` }, quoteName),
    el('span', { dir: 'auto' }, text),
  );
}

/** @param {Shown} entry */
function textOf(entry) {
  if (entry.deleted) return el('div', { class: 'text' }, MESSAGE.deleted);
  return createText(entry.text, entry.mentions);
}

/** @param {Shown} entry @param {boolean} waiting */
function metaOf(entry, waiting) {
  const time = el(
    'time',
    { datetime: new Date(entry.ts).toISOString(), 'data-ts': entry.ts },
    timeOf(entry.ts),
  );
  const isEdited = entry.editedTs !== null && !entry.deleted;
  const edited = isEdited && el('span', { 'data-ts': entry.editedTs }, MESSAGE.edited);
  return el(
    'div',
    { class: 'meta' },
    edited,
    waiting
      ? el('span', { class: 'sending' }, entry.change ? MESSAGE.saving : MESSAGE.sending)
      : time,
  );
}

/** @param {Shown} entry @param {Controller} controller */
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

/** @param {{nonce: string}|undefined} pending @param {Controller} controller */
function withdrawOf(pending, controller) {
  const withdraw = () => controller.intend('withdraw', { nonce: pending?.nonce ?? '' });
  return el('div', { class: 'waits' }, button('link', withdraw, MESSAGE.withdraw));
}

/** @param {MessageRow} row @param {Controller} controller */
function troubleOf({ entry, waiting }, controller) {
  const { pending, change } = entry;
  const key = waiting?.find((kept) => kept.status === 'failed')?.key ?? '';
  const again = () =>
    pending
      ? controller.intend('retry', { nonce: pending.nonce })
      : controller.intend('retryCommand', { key });
  const discard = () =>
    pending
      ? controller.intend('discard', { nonce: pending.nonce })
      : controller.intend('discardCommand', { key });
  const what = pending ? MESSAGE.notSent : MESSAGE.notChanged;
  const error = (pending ?? change)?.error || MESSAGE.refused;
  return el(
    'div',
    { class: 'trouble', role: 'alert' },
    el('span', {}, MESSAGE.trouble(what, error)),
    button('link', again, MESSAGE.retry),
    button('link', discard, MESSAGE.discard),
  );
}
