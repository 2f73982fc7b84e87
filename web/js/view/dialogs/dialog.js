// The frame of every dialog: a title, a way out, the focus back where it was.

import { el, icon } from '../dom.js';

let made = 0;

/**
 * @param {{title: string, wide?: boolean, onClose?: () => void}} options
 * @param {...Node} content
 */
export function openDialog({ title, wide = false, onClose }, ...content) {
  made += 1;
  const id = `dialog-${made}`;
  const before = /** @type {HTMLElement|null} */ (document.activeElement);
  const node = el(
    'dialog',
    { class: wide ? 'dialog wide' : 'dialog', 'aria-labelledby': id },
    el(
      'header',
      {},
      el('h2', { id }, title),
      el(
        'button',
        {
          type: 'button',
          class: 'plain',
          'aria-label': 'Close',
          on: { click: () => node.close() },
        },
        icon('close'),
      ),
    ),
    el('div', { class: 'dialog-body' }, ...content),
  );
  node.addEventListener('close', () => {
    node.remove();
    onClose?.();
    if (before?.isConnected) before.focus();
  });
  // A click beside it closes it.
  node.addEventListener('pointerdown', (/** @type {PointerEvent} */ event) => {
    if (event.target === node) node.close();
  });
  document.body.append(node);
  node.showModal();
  const error = errorLine(node);
  const close = () => node.close();
  /**
   * Closes it once what it asked for is done, else says why it is not.
   * @param {{ok: boolean, msg: string}} answer
   */
  const finish = (answer) => (answer.ok ? close() : error(answer.msg));
  return { node, close, error, finish };
}

/** @param {HTMLElement} node */
function errorLine(node) {
  const line = el('p', { class: 'form-error', role: 'alert' });
  node.querySelector('.dialog-body')?.append(line);
  return (/** @type {string} */ text) => {
    line.textContent = text;
  };
}

/** @param {string} label @param {Record<string, any>} props @returns {{node: any, input: any}} */
export function field(label, props) {
  const id = `field-${props.name}`;
  const { options, ...rest } = props;
  const input = options
    ? el(
        'select',
        { id, ...rest },
        ...Object.entries(options).map(([value, text]) => el('option', { value }, text)),
      )
    : el('input', { id, autocomplete: 'off', ...rest });
  return { node: el('div', { class: 'field-row' }, el('label', { for: id }, label), input), input };
}

/** @param {string} label @param {() => void} run @param {string} [className] */
export function action(label, run, className = 'soft') {
  return el('button', { type: 'button', class: `button ${className}`, on: { click: run } }, label);
}

/** The username that was typed, with or without an at sign. @param {{input: any}} field */
export function usernameIn({ input }) {
  return input.value.trim().replace(/^@/u, '');
}

/** @param {number} count */
export function membersOf(count) {
  return count === 1 ? '1 member' : `${count} members`;
}

/** A form that runs when it is sent. @param {() => void} run @param {...(Node|null)} content */
export function form(run, ...content) {
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    run();
  };
  return el('form', { class: 'dialog-form', novalidate: true, on: { submit } }, ...content);
}
