// The tools for a message. There is one toolbar, at the row under the pointer or with the
// focus.

import { TOOLS } from '../messages.js';
import { messageOf, rightsTo } from '../state/rights.js';
import { copyText } from './copy.js';
import { el, icon } from './dom.js';
import { lazily } from './lazy.js';

/** Reactions that are one click away. */
const QUICK = ['👍', '❤️', '😂'];

/** @typedef {import('../controller.js').Controller} Controller */

/** @param {HTMLElement} list @param {Controller} controller */
export function createToolbar(list, controller) {
  /** @type {HTMLElement|null} */ let row = null;
  const seqOf = (/** @type {HTMLElement|null} */ at) => Number(at?.dataset.seq);
  const tools = createTools(controller, () => seqOf(row));
  /** @type {HTMLElement} */ const node = el('div', {
    class: 'toolbar',
    role: 'toolbar',
    'aria-label': TOOLS.label,
    on: { keydown: (/** @type {KeyboardEvent} */ event) => moveFocus(node, event) },
  });
  node.append(...tools.all);

  /** @param {HTMLElement|null} next */
  function moveTo(next) {
    if (next === row && node.isConnected) return;
    row = next;
    const message = messageOf(controller.state(), seqOf(row));
    if (!row || !message || message.deleted) return node.remove();
    const may = rightsTo(controller.state(), message);
    tools.edit.hidden = !may.edit;
    tools.remove.hidden = !may.remove;
    row.append(node);
  }

  followPointer(list, {
    moveTo,
    isAt: (at) => at === row && node.isConnected,
    hasFocus: () => node.contains(document.activeElement),
  });

  return {
    /**
     * Keys that work on the row with the focus.
     * @param {string} key
     * @returns {boolean} whether it was one
     */
    key(key) {
      const tool = tools.byKey[key];
      if (!tool || tool.hidden || !node.isConnected) return false;
      if (key === 'Enter') tool.focus();
      else tool.click();
      return true;
    },
  };
}

/**
 * The buttons. Each works on the message that the toolbar is at when it is pressed: a dialog may
 * stay open for longer.
 * @param {Controller} controller
 * @param {() => number} currentSeq
 */
function createTools(controller, currentSeq) {
  /**
   * @param {string} name
   * @param {Node|string} content
   * @param {string} label
   * @param {(seq: number) => void} run
   */
  const button = (name, content, label, run) => {
    const attributes = { type: 'button', class: `tool ${name}`, 'aria-label': label, title: label };
    return el('button', { ...attributes, on: { click: () => run(currentSeq()) } }, content);
  };
  const messageAt = (/** @type {number} */ seq) => messageOf(controller.state(), seq);

  /** @param {'reply'|'edit'} intent */
  const begin = (intent) => (/** @type {number} */ seq) => {
    const message = messageAt(seq);
    if (message) controller.intend(intent, { message });
  };

  /** @param {number} seq @param {string} emoji */
  function react(seq, emoji) {
    const room = controller.state().current;
    const mine = messageAt(seq)?.reactions.get(emoji)?.me;
    controller.act({ type: 'react', room, seq, emoji, on: !mine });
  }

  /** @param {number} seq */
  function pick(seq) {
    const picked = (/** @type {string} */ emoji) => react(seq, emoji);
    lazily('emoji', (dialog) => dialog.openEmoji(picked));
  }

  /** @param {number} seq */
  function askToDelete(seq) {
    const room = controller.state().current;
    const question = {
      title: TOOLS.deleteQuestion,
      text: messageAt(seq)?.text ?? '',
      action: TOOLS.delete,
      run: () => controller.act({ type: 'delete', room, seq }),
    };
    lazily('confirm', (dialog) => dialog.openConfirm(question));
  }

  const quick = QUICK.map((emoji) =>
    button('react', emoji, TOOLS.reactWith(emoji), (seq) => react(seq, emoji)),
  );
  const more = button('more', icon('smile'), TOOLS.react, pick);
  const reply = button('reply', icon('reply'), TOOLS.reply, begin('reply'));
  const edit = button('edit', icon('edit'), TOOLS.edit, begin('edit'));
  const copyAt = (/** @type {number} */ seq) => copyText(messageAt(seq)?.text ?? '');
  const copy = button('copy', icon('copy'), TOOLS.copy, copyAt);
  const remove = button('delete', icon('trash'), TOOLS.delete, askToDelete);
  /** @type {Record<string, HTMLElement>} */
  const byKey = { r: reply, e: edit, '+': more, Delete: remove, c: copy, Enter: quick[0] };
  return { all: [...quick, more, reply, edit, copy, remove], edit, remove, byKey };
}

/** Left and right go from tool to tool. @param {HTMLElement} node @param {KeyboardEvent} event */
function moveFocus(node, event) {
  if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
  const children = /** @type {HTMLElement[]} */ ([...node.children]);
  const tools = children.filter((tool) => !tool.hidden);
  const at = tools.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  tools[(at + (event.key === 'ArrowRight' ? 1 : tools.length - 1)) % tools.length]?.focus();
  event.preventDefault();
  event.stopPropagation();
}

/**
 * Moves the toolbar with the mouse, the focus and taps. On a touch screen a tap on a bubble shows
 * it and a second tap hides it; the focus and mouse events that a browser makes up after a tap are
 * ignored.
 * @param {HTMLElement} list
 * @param {{
 *   moveTo: (row: HTMLElement|null) => void, isAt: (row: HTMLElement|null) => boolean,
 *   hasFocus: () => boolean,
 * }} toolbar
 */
function followPointer(list, { moveTo, isAt, hasFocus }) {
  let touched = false;
  const rowOf = (/** @type {EventTarget|null} */ target) =>
    /** @type {HTMLElement|null} */ (
      /** @type {Element} */ (target).closest('.message[data-seq]:not(.blocked)')
    );

  list.addEventListener('pointerdown', (event) => {
    touched = event.pointerType !== 'mouse';
  });
  list.addEventListener('keydown', () => {
    touched = false;
  });
  list.addEventListener('pointermove', (event) => {
    if (event.pointerType === 'mouse' && event.movementX + event.movementY !== 0) touched = false;
  });
  list.addEventListener('pointerover', (event) => {
    if (!touched && event.pointerType === 'mouse') moveTo(rowOf(event.target));
  });
  list.addEventListener('pointerleave', () => {
    if (!touched && !hasFocus()) moveTo(null);
  });
  list.addEventListener('focusin', (event) => {
    if (!touched) moveTo(rowOf(event.target));
  });
  list.addEventListener('click', (event) => {
    const target = /** @type {Element} */ (event.target);
    if (/** @type {PointerEvent} */ (event).pointerType === 'mouse') return;
    if (target.closest('.tool') && event.detail > 0) return moveTo(null);
    if (target.closest('button, a')) return;
    const next = rowOf(target);
    moveTo(isAt(next) ? null : next);
  });
}
