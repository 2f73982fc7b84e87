// Where one writes: Enter sends, Shift-Enter makes a new line, a draft outlives a reload.

import { TEXT_CHARACTERS_MAX, characters, checkText } from '../wire.js';
import { el, icon, setText } from './dom.js';

/** From here on the room that is left is shown. */
const COUNT_FROM = TEXT_CHARACTERS_MAX - 400;

/** @param {{send: (text: string) => void, page: (pages: number) => void, toEnd: () => void}} actions */
export function createComposer(actions) {
  const input = el('textarea', {
    id: 'message', rows: '1', enterkeyhint: 'send', autocomplete: 'off', dir: 'auto', 'aria-label': 'Message', 'aria-describedby': 'composer-note',
  });
  const note = el('p', { id: 'composer-note', class: 'composer-note', role: 'status' });
  const button = el('button', { type: 'submit', class: 'send', 'aria-label': 'Send' }, icon('send'));
  const node = el('form', { class: 'composer', 'aria-label': 'New message', on: { submit } }, el('div', { class: 'field' }, input, button), note);
  let draftKey = '';

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    const { text, error } = checkText(input.value);
    if (error && input.value.trim()) return complain(error);
    if (!text) return;
    actions.send(text);
    input.value = '';
    changed();
    input.focus();
  }

  /** @param {string} error */
  function complain(error) {
    note.classList.add('wrong');
    setText(note, error);
  }

  function changed() {
    store(draftKey, input.value);
    input.style.height = 'auto';
    input.style.height = `${input.scrollHeight}px`;
    button.disabled = input.value.trim() === '';
    const used = input.value.length < COUNT_FROM ? 0 : characters(input.value.trimEnd());
    note.classList.toggle('wrong', used > TEXT_CHARACTERS_MAX);
    setText(note, used < COUNT_FROM ? '' : used > TEXT_CHARACTERS_MAX ? checkText(input.value).error : `${TEXT_CHARACTERS_MAX - used} characters left`);
  }

  input.addEventListener('input', changed);
  input.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
    // While an input method composes, Enter picks a word.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === 'Enter' && !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey) submit(event);
    else if (event.key === 'PageUp' || event.key === 'PageDown') {
      event.preventDefault();
      actions.page(event.key === 'PageUp' ? -1 : 1);
    } else if (event.key === 'Escape') actions.toEnd();
  });

  return {
    node,
    focus: () => input.focus(),
    /** @param {string} username @param {string} room @returns {boolean} whether it is another room than before */
    open(username, room) {
      const key = `draft ${username} ${room}`;
      if (key === draftKey) return false;
      draftKey = key;
      input.value = stored(key);
      input.placeholder = `Message ${room}`;
      changed();
      return true;
    },
  };
}

/** Storage may be switched off; a draft is then kept as long as the page. @param {string} key @param {string} text */
function store(key, text) {
  if (!key) return;
  try {
    if (text) sessionStorage.setItem(key, text);
    else sessionStorage.removeItem(key);
  } catch { /* Nothing else depends on it. */ }
}

/** @param {string} key */
function stored(key) {
  try {
    return sessionStorage.getItem(key) ?? '';
  } catch {
    return '';
  }
}
