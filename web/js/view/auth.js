// Sign in and sign up, as two tabs of one form.

import { APP_NAME, AUTH } from '../messages.js';
import { asset, el, setText } from './dom.js';

/** @typedef {import('../controller.js').Controller} Controller */
/** @typedef {import('../state/initial.js').State} State */

const TABS = [
  { how: /** @type {const} */ ('login'), ...AUTH.signIn },
  { how: /** @type {const} */ ('register'), ...AUTH.signUp },
];

/** @param {Controller} controller */
export function createAuthView(controller) {
  // An invite link leads here.
  let tab = TABS[location.search === '?join' ? 1 : 0];
  let busy = false;
  let notice = '';
  const fields = createFields();
  const { username, password, error } = fields;
  const submit = el('button', { type: 'submit', class: 'primary' });
  const attributes = { novalidate: true, on: { submit: send } };
  const form = el('form', attributes, ...fields.nodes, error, submit);
  const tabs = createTabs(choose);
  const panel = el('div', { id: 'auth-form', role: 'tabpanel' }, form);
  const node = createCard(tabs.node, panel);

  /** @param {typeof TABS[0]} item */
  function choose(item) {
    tab = item;
    setText(error, '');
    draw();
    (username.value ? password : username).focus();
  }

  /** @param {Event} event */
  async function send(event) {
    event.preventDefault();
    if (busy) return;
    setText(error, fields.missing());
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

  function draw() {
    tabs.draw(tab);
    fields.draw(tab.how === 'register');
    panel.setAttribute('aria-labelledby', `tab-${tab.how}`);
    submit.disabled = busy;
    setText(submit, busy ? tab.busy : tab.button);
  }

  draw();
  return {
    screen: 'auth',
    node,
    /** @param {State} state */
    update(state) {
      if (state.notice !== notice) setText(error, state.notice);
      notice = state.notice;
      document.title = APP_NAME;
      if (!node.contains(document.activeElement)) username.focus();
    },
  };
}

/** @param {Node} tabs @param {Node} panel */
function createCard(tabs, panel) {
  const logo = { class: 'logo', src: asset('icon.svg'), alt: '', width: '56', height: '56' };
  const hero = el(
    'header',
    { class: 'hero' },
    el('img', logo),
    el('h1', {}, APP_NAME),
    el('p', {}, AUTH.tagline),
  );
  const card = el('section', { class: 'card', 'aria-label': AUTH.either }, hero, tabs, panel);
  return el('main', { class: 'auth-page' }, card);
}

/** @param {(item: typeof TABS[0]) => void} choose */
function createTabs(choose) {
  let chosen = TABS[0];
  const buttons = TABS.map((item) =>
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

  /** @param {KeyboardEvent} event */
  function arrows(event) {
    if (!['ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(event.key)) return;
    event.preventDefault();
    choose(TABS[1 - TABS.indexOf(chosen)]);
    buttons[TABS.indexOf(chosen)].focus();
  }

  return {
    node: el('div', { class: 'tabs', role: 'tablist', 'aria-label': AUTH.either }, ...buttons),
    /** @param {typeof TABS[0]} tab */
    draw(tab) {
      chosen = tab;
      for (const [at, button] of buttons.entries()) {
        button.setAttribute('aria-selected', String(TABS[at] === tab));
        button.tabIndex = TABS[at] === tab ? 0 : -1;
      }
    },
  };
}

/** The two fields with their rules, and the line for an error. */
function createFields() {
  const error = el('p', { class: 'form-error', role: 'alert', id: 'auth-error' });
  const username = el('input', {
    id: 'username',
    name: 'username',
    autocomplete: 'username',
    autocapitalize: 'none',
    autocorrect: 'off',
    spellcheck: 'false',
    required: true,
  });
  const password = el('input', {
    id: 'password',
    name: 'password',
    type: 'password',
    required: true,
  });
  const nameRule = el('p', { class: 'rule', id: 'name-rule' }, AUTH.nameRule);
  const passwordRule = el('p', { class: 'rule', id: 'password-rule' }, AUTH.passwordRule);

  return {
    username,
    password,
    error,
    nodes: [
      el('label', { for: 'username' }, AUTH.username),
      username,
      nameRule,
      el('label', { for: 'password' }, AUTH.password),
      el('div', { class: 'password' }, password, createReveal(password)),
      passwordRule,
    ],
    /** Asks for the field that is empty, which gets the focus. @returns {string} */
    missing() {
      const isNameless = username.value.trim() === '';
      const empty = isNameless ? username : password.value === '' ? password : null;
      empty?.focus();
      if (!empty) return '';
      return isNameless ? AUTH.enterUsername : AUTH.enterPassword;
    },
    /** @param {boolean} isNew */
    draw(isNew) {
      password.setAttribute('autocomplete', isNew ? 'new-password' : 'current-password');
      nameRule.hidden = !isNew;
      passwordRule.hidden = !isNew;
      const [nameHelp, passwordHelp] = isNew ? ['name-rule ', 'password-rule '] : ['', ''];
      username.setAttribute('aria-describedby', `${nameHelp}auth-error`);
      password.setAttribute('aria-describedby', `${passwordHelp}auth-error`);
    },
  };
}

/** The button that shows what is typed as a password. @param {HTMLInputElement} password */
function createReveal(password) {
  const toggle = () => {
    const isShown = password.type === 'text';
    password.type = isShown ? 'password' : 'text';
    node.setAttribute('aria-pressed', String(!isShown));
    setText(node, isShown ? AUTH.show : AUTH.hide);
    password.focus();
  };
  const label = { 'aria-pressed': 'false', 'aria-label': AUTH.showPassword };
  const attributes = { type: 'button', class: 'reveal', ...label, on: { click: toggle } };
  const node = el('button', attributes, AUTH.show);
  return node;
}
