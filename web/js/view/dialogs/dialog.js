// The frame of every dialog: a title, a button to close it, a line for errors. The focus returns to
// where it was.

import { DIALOG, members } from '../../messages.js';
import { button, el, iconButton } from '../dom.js';

let made = 0;

/** @typedef {{node: HTMLElement, input: HTMLElement}} Field */
/** @typedef {{title: string, wide?: boolean, onClose?: () => void}} Options */

/** @param {Options} options @param {...(Node|false|'')} content */
export function openDialog({ title, wide = false, onClose }, ...content) {
  made += 1;
  const id = `dialog-${made}`;
  const before = /** @type {HTMLElement|null} */ (document.activeElement);
  const close = () => node.close();
  const closer = iconButton('plain', DIALOG.close, 'close', close);
  const body = el('div', { class: 'dialog-body' }, ...content);
  const node = el(
    'dialog',
    { class: wide ? 'dialog wide' : 'dialog', 'aria-labelledby': id },
    el('header', {}, el('h2', { id }, title), closer),
    body,
  );
  node.addEventListener('close', () => {
    node.remove();
    onClose?.();
    if (before?.isConnected) before.focus();
  });
  // A press beside the dialog closes it.
  node.addEventListener('pointerdown', (/** @type {PointerEvent} */ event) => {
    if (event.target === node) close();
  });
  document.body.append(node);
  node.showModal();
  const error = errorLine(body);
  /**
   * Closes the dialog when what it asked for is done, else says why it is not.
   * @param {{ok: boolean, msg: string}} outcome
   */
  const finish = (outcome) => (outcome.ok ? close() : error(outcome.msg));
  return { node, close, error, finish };
}

/**
 * The line for an error. It is beside the field that the error is about, or first, and is
 * scrolled into view.
 * @param {HTMLElement} body
 */
function errorLine(body) {
  const line = el('p', { class: 'form-error', role: 'alert', id: `error-${made}` });
  body.prepend(line);
  /** @type {HTMLElement|null} */ let wrong = null;

  return (/** @type {string} */ text, /** @type {Field|undefined} */ about = undefined) => {
    wrong?.removeAttribute('aria-invalid');
    wrong?.removeAttribute('aria-describedby');
    wrong = about?.input ?? null;
    const place = about?.node.closest('.beside, .pair') ?? about?.node;
    if (place) place.after(line);
    else if (line !== body.firstElementChild) body.prepend(line);
    line.textContent = text;
    if (!text) return;
    wrong?.setAttribute('aria-invalid', 'true');
    wrong?.setAttribute('aria-describedby', line.id);
    line.scrollIntoView({ block: 'nearest' });
  };
}

/**
 * A labelled input.
 * @param {string} label
 * @param {import('../dom.js').Props & {name: string}} props
 */
export function field(label, props) {
  return labelled(label, el('input', { id: `field-${props.name}`, autocomplete: 'off', ...props }));
}

/**
 * A labelled select.
 * @param {string} label
 * @param {string} name
 * @param {[string|number, string][]} options values and their texts, in order
 */
export function choice(label, name, options) {
  return labelled(label, el('select', { id: `field-${name}`, name }, ...options.map(toOption)));
}

/** @template {HTMLElement} T @param {string} label @param {T} input */
function labelled(label, input) {
  const node = el('div', { class: 'field-row' }, el('label', { for: input.id }, label), input);
  return { node, input };
}

/**
 * The value and the text of an option.
 * @param {string|number} value
 * @param {string} text
 * @returns {[string|number, string]}
 */
export const option = (value, text) => [value, text];

/** @param {[string|number, string]} option */
const toOption = ([value, text]) => el('option', { value }, text);

/** @param {string} label @param {() => void} run @param {string} [className] */
export function action(label, run, className = 'soft') {
  return button(`button ${className}`, run, label);
}

/** @param {string} label @param {string} [className] */
export function submitButton(label, className = 'soft') {
  return el('button', { type: 'submit', class: `button ${className}` }, label);
}

/** A field with a button at its side. @param {Field} about @param {string} label */
export function beside(about, label) {
  return el('div', { class: 'beside' }, about.node, submitButton(label));
}

/** A field for a username. @param {string} label @param {string} name */
export function nameField(label, name) {
  const props = { name, placeholder: DIALOG.username, maxlength: '32' };
  return field(label, { ...props, autocapitalize: 'none', spellcheck: 'false' });
}

/**
 * The username that was typed, with or without an at sign.
 * @param {{input: HTMLInputElement}} field
 */
export function usernameIn({ input }) {
  return input.value.trim().replace(/^@/u, '');
}

export const membersOf = members;

/** A form that calls `run` on submit. @param {() => void} run @param {...(Node|null)} content */
export function form(run, ...content) {
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    run();
  };
  return el('form', { class: 'dialog-form', novalidate: true, on: { submit } }, ...content);
}
