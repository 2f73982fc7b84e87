// What one can do with a message. There is one toolbar, at the row under the pointer or with the focus.

import { allowed } from '../state/rights.js';
import { el, icon } from './dom.js';
import { lazily } from './lazy.js';

/** Reactions that are one click away. */
const QUICK = ['👍', '❤️', '😂'];

/** @param {HTMLElement} list @param {import('../session.js').Session} session */
export function createToolbar(list, session) {
  const node = el('div', { class: 'toolbar', role: 'toolbar', 'aria-label': 'Message actions', on: { keydown: arrows } });
  /** @type {HTMLElement|null} */ let row = null;

  const quick = QUICK.map((emoji) => button('react', emoji, `React with ${emoji}`, () => react(emoji)));
  const more = button('more', icon('smile'), 'React', () => lazily('emoji', (dialog) => dialog.openEmoji(session, react)));
  const reply = button('reply', icon('reply'), 'Reply', () => session.intend('about', { about: { seq: seq(), how: 'reply' } }));
  const edit = button('edit', icon('edit'), 'Edit', () => session.intend('about', { about: { seq: seq(), how: 'edit' } }));
  const copy = button('copy', icon('copy'), 'Copy text', () => navigator.clipboard?.writeText(entry()?.text ?? ''));
  const remove = button('delete', icon('trash'), 'Delete', () => {
    const command = { type: /** @type {const} */ ('delete'), room: session.state().current, seq: seq() };
    lazily('confirm', (dialog) => dialog.openConfirm({ title: 'Delete this message?', text: entry()?.text ?? '', action: 'Delete', run: () => session.act(command) }));
  });
  node.append(...quick, more, reply, edit, copy, remove);

  /** @param {string} name @param {Node|string} content @param {string} label @param {() => void} run */
  function button(name, content, label, run) {
    return el('button', { type: 'button', class: `tool ${name}`, 'aria-label': label, title: label, on: { click: run } }, content);
  }

  const seq = () => Number(row?.dataset.seq);
  const entry = () => allowed.messageOf(session.state(), seq());

  /** @param {string} emoji */
  function react(emoji) {
    const mine = entry()?.reactions.get(emoji)?.me;
    session.act({ type: 'react', room: session.state().current, seq: seq(), emoji, on: !mine });
  }

  /** @param {KeyboardEvent} event */
  function arrows(event) {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    const tools = /** @type {HTMLElement[]} */ ([...node.children].filter((tool) => !/** @type {HTMLElement} */ (tool).hidden));
    const at = tools.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    tools[(at + (event.key === 'ArrowRight' ? 1 : tools.length - 1)) % tools.length]?.focus();
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {HTMLElement|null} next */
  function moveTo(next) {
    if (next === row && node.isConnected) return;
    row = next;
    const message = row && entry();
    if (!row || !message || message.deleted) return node.remove();
    const may = allowed.of(session.state(), message);
    for (const tool of [...quick, more, reply]) tool.hidden = !may.speak;
    edit.hidden = !may.edit;
    remove.hidden = !may.remove;
    row.append(node);
  }

  const rowOf = (/** @type {EventTarget|null} */ target) => /** @type {HTMLElement|null} */ (/** @type {Element} */ (target).closest('.message[data-seq]'));
  // On a touch screen a tap on a bubble shows it, a tap on it again hides it; the focus and the mouse that a browser
  // makes up behind a tap count for nothing.
  let touched = false;
  list.addEventListener('pointerdown', (event) => { touched = event.pointerType !== 'mouse'; });
  list.addEventListener('keydown', () => { touched = false; });
  list.addEventListener('pointermove', (event) => { if (event.pointerType === 'mouse' && event.movementX + event.movementY !== 0) touched = false; });
  list.addEventListener('pointerover', (event) => { if (!touched && event.pointerType === 'mouse') moveTo(rowOf(event.target)); });
  list.addEventListener('pointerleave', () => { if (!touched && !node.contains(document.activeElement)) moveTo(null); });
  list.addEventListener('focusin', (event) => { if (!touched) moveTo(rowOf(event.target)); });
  list.addEventListener('click', (event) => {
    const target = /** @type {Element} */ (event.target);
    if (/** @type {PointerEvent} */ (event).pointerType === 'mouse') return;
    if (target.closest('.tool') && event.detail > 0) return moveTo(null);
    if (target.closest('button, a')) return;
    const next = rowOf(target);
    moveTo(next === row && node.isConnected ? null : next);
  });
  return {
    /** Keys that work on the row with the focus. @param {string} key @returns {boolean} whether it was one */
    key(key) {
      const tool = { r: reply, e: edit, '+': more, Delete: remove, c: copy, Enter: [...quick, reply, copy].find((one) => !one.hidden) }[key];
      if (!tool || tool.hidden || !node.isConnected) return false;
      if (key === 'Enter') tool.focus();
      else tool.click();
      return true;
    },
  };
}
