// What one can do with a message. There is one toolbar, at the row under the pointer or with the focus.

import { messageOf, rightsTo } from '../state/rights.js';
import { el, icon } from './dom.js';
import { lazily } from './lazy.js';

/** Reactions that are one click away. */
const QUICK = ['👍', '❤️', '😂'];

/** @param {HTMLElement} list @param {import('../controller.js').Controller} controller */
export function createToolbar(list, controller) {
  const node = el('div', {
    class: 'toolbar',
    role: 'toolbar',
    'aria-label': 'Message actions',
    on: { keydown: arrows },
  });
  /** @type {HTMLElement|null} */ let row = null;

  const quick = QUICK.map((emoji) =>
    button('react', emoji, `React with ${emoji}`, (seq) => react(seq, emoji)),
  );
  const more = button('more', icon('smile'), 'React', (seq) =>
    lazily('emoji', (dialog) =>
      dialog.openEmoji((/** @type {string} */ emoji) => react(seq, emoji)),
    ),
  );
  const reply = button('reply', icon('reply'), 'Reply', (seq) =>
    controller.intend('about', { about: { seq, how: 'reply' } }),
  );
  const edit = button('edit', icon('edit'), 'Edit', (seq) =>
    controller.intend('about', { about: { seq, how: 'edit' } }),
  );
  const copy = button('copy', icon('copy'), 'Copy text', (seq) =>
    navigator.clipboard?.writeText(textOf(seq)),
  );
  const remove = button('delete', icon('trash'), 'Delete', (seq) => {
    const command = {
      type: /** @type {const} */ ('delete'),
      room: controller.state().current,
      seq,
    };
    const question = {
      title: 'Delete this message?',
      text: textOf(seq),
      action: 'Delete',
      run: () => controller.act(command),
    };
    lazily('confirm', (dialog) => dialog.openConfirm(question));
  });
  node.append(...quick, more, reply, edit, copy, remove);

  /**
   * A tool works on the message that it stood at when it was pressed: a dialog may outlast that.
   * @param {string} name
   * @param {Node|string} content
   * @param {string} label
   * @param {(seq: number) => void} run
   */
  function button(name, content, label, run) {
    return el(
      'button',
      {
        type: 'button',
        class: `tool ${name}`,
        'aria-label': label,
        title: label,
        on: { click: () => run(seqOf(row)) },
      },
      content,
    );
  }

  const seqOf = (/** @type {HTMLElement|null} */ at) => Number(at?.dataset.seq);
  const textOf = (/** @type {number} */ seq) => messageOf(controller.state(), seq)?.text ?? '';

  /** @param {number} seq @param {string} emoji */
  function react(seq, emoji) {
    const state = controller.state();
    const mine = messageOf(state, seq)?.reactions.get(emoji)?.me;
    controller.act({ type: 'react', room: state.current, seq, emoji, on: !mine });
  }

  /** @param {KeyboardEvent} event */
  function arrows(event) {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    const tools = /** @type {HTMLElement[]} */ (
      [...node.children].filter((tool) => !(/** @type {HTMLElement} */ (tool).hidden))
    );
    const at = tools.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    tools[(at + (event.key === 'ArrowRight' ? 1 : tools.length - 1)) % tools.length]?.focus();
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {HTMLElement|null} next */
  function moveTo(next) {
    if (next === row && node.isConnected) return;
    row = next;
    const message = messageOf(controller.state(), seqOf(row));
    if (!row || !message || message.deleted) return node.remove();
    const may = rightsTo(controller.state(), message);
    edit.hidden = !may.edit;
    remove.hidden = !may.remove;
    row.append(node);
  }

  const rowOf = (/** @type {EventTarget|null} */ target) =>
    /** @type {HTMLElement|null} */ (/** @type {Element} */ (target).closest('.message[data-seq]'));
  // On a touch screen a tap on a bubble shows it, a tap on it again hides it; the focus and the mouse that a browser
  // makes up behind a tap count for nothing.
  let touched = false;
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
    if (!touched && !node.contains(document.activeElement)) moveTo(null);
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
    moveTo(next === row && node.isConnected ? null : next);
  });
  return {
    /**
     * Keys that work on the row with the focus.
     * @param {string} key
     * @returns {boolean} whether it was one
     */
    key(key) {
      const tool = { r: reply, e: edit, '+': more, Delete: remove, c: copy, Enter: quick[0] }[key];
      if (!tool || tool.hidden || !node.isConnected) return false;
      if (key === 'Enter') tool.focus();
      else tool.click();
      return true;
    },
  };
}
