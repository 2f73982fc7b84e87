// Log in and sign up, as two tabs of one form.

import { asset, el, setText } from './dom.js';

const TABS = [
  { how: 'login', label: 'Log in', button: 'Log in', busy: 'Logging in…' },
  { how: 'register', label: 'Sign up', button: 'Create account', busy: 'Creating your account…' },
];
const NAME_RULE = '1 to 32 of A–Z, a–z, 0–9, dot, dash and underscore.';
const PASSWORD_RULE = 'At least 8 characters. A sentence is a good password.';

/** @param {any} controller */
export function createAuthView(controller) {
  let tab = TABS[0];
  let busy = false;

  const error = el('p', { class: 'form-error', role: 'alert', id: 'auth-error' });
  const username = el('input', {
    id: 'username',
    name: 'username',
    autocomplete: 'username',
    autocapitalize: 'none',
    autocorrect: 'off',
    spellcheck: 'false',
    required: true,
    'aria-describedby': 'name-rule auth-error',
  });
  const password = el('input', {
    id: 'password',
    name: 'password',
    type: 'password',
    required: true,
    'aria-describedby': 'password-rule auth-error',
  });
  const reveal = el(
    'button',
    {
      type: 'button',
      class: 'reveal',
      'aria-pressed': 'false',
      'aria-label': 'Show password',
      on: { click: toggleReveal },
    },
    'Show',
  );
  const nameRule = el('p', { class: 'rule', id: 'name-rule' }, NAME_RULE);
  const passwordRule = el('p', { class: 'rule', id: 'password-rule' }, PASSWORD_RULE);
  const submit = el('button', { type: 'submit', class: 'primary' });

  const tabs = TABS.map((item) =>
    el(
      'button',
      {
        type: 'button',
        role: 'tab',
        id: `tab-${item.how}`,
        'aria-controls': 'auth-form',
        on: { click: () => choose(item), keydown: arrows },
      },
      item.label,
    ),
  );
  const form = el(
    'form',
    { novalidate: true, on: { submit: send } },
    el('label', { for: 'username' }, 'Username'),
    username,
    nameRule,
    el('label', { for: 'password' }, 'Password'),
    el('div', { class: 'password' }, password, reveal),
    passwordRule,
    error,
    submit,
  );
  const panel = el('div', { id: 'auth-form', role: 'tabpanel' }, form);
  const node = el(
    'main',
    { class: 'auth-page' },
    el(
      'section',
      { class: 'card', 'aria-label': 'Log in or sign up' },
      el(
        'header',
        { class: 'hero' },
        el('img', { class: 'logo', src: asset('icon.svg'), alt: '', width: '56', height: '56' }),
        el('h1', {}, 'Chat'),
        el('p', {}, 'Your team’s own place to talk.'),
      ),
      el('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Log in or sign up' }, ...tabs),
      panel,
    ),
  );

  /** @param {typeof TABS[0]} item */
  function choose(item) {
    tab = item;
    setText(error, '');
    draw();
    (username.value ? password : username).focus();
  }

  /** @param {KeyboardEvent} event */
  function arrows(event) {
    if (!['ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(event.key)) return;
    event.preventDefault();
    choose(TABS[1 - TABS.indexOf(tab)]);
    tabs[TABS.indexOf(tab)].focus();
  }

  function toggleReveal() {
    const shown = password.type === 'text';
    password.type = shown ? 'password' : 'text';
    reveal.setAttribute('aria-pressed', String(!shown));
    setText(reveal, shown ? 'Show' : 'Hide');
    password.focus();
  }

  /** @param {Event} event */
  async function send(event) {
    event.preventDefault();
    if (busy) return;
    setText(error, missing());
    if (error.textContent) return;
    busy = true;
    draw();
    const problem = await controller.signIn(tab.how, username.value, password.value);
    busy = false;
    draw();
    if (!problem) return;
    setText(error, problem);
    password.select();
    password.focus();
  }

  function missing() {
    const empty = username.value.trim() === '' ? username : password.value === '' ? password : null;
    empty?.focus();
    return empty === username
      ? 'Enter your username.'
      : empty === password
        ? 'Enter your password.'
        : '';
  }

  function draw() {
    const isNew = tab.how === 'register';
    for (const [at, button] of tabs.entries()) {
      const chosen = TABS[at] === tab;
      button.setAttribute('aria-selected', String(chosen));
      button.tabIndex = chosen ? 0 : -1;
    }
    panel.setAttribute('aria-labelledby', `tab-${tab.how}`);
    password.setAttribute('autocomplete', isNew ? 'new-password' : 'current-password');
    nameRule.hidden = !isNew;
    passwordRule.hidden = !isNew;
    submit.disabled = busy;
    setText(submit, busy ? tab.busy : tab.button);
  }

  draw();
  let notice = '';
  return {
    screen: 'auth',
    node,
    /** @param {import('../state/initial.js').State} state */
    update(state) {
      if (state.notice !== notice) setText(error, state.notice);
      notice = state.notice;
      document.title = 'Chat';
      if (!node.contains(document.activeElement)) username.focus();
    },
  };
}
