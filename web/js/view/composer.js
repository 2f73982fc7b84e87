// Where one writes: Enter sends, Shift-Enter makes a new line, a draft outlives a reload.

import { messageOf } from '../state/rights.js';
import { nameOf, titleOf } from '../state/rooms.js';
import { readKept, writeKept } from '../storage.js';
import { TEXT_CHARACTERS_MAX, characters, checkText } from '../wire.js';
import { createCompletion } from './complete.js';
import { el, icon, setText } from './dom.js';
import { lazily } from './lazy.js';

/** From here on the room that is left is shown. */
const COUNT_FROM = TEXT_CHARACTERS_MAX - 400;

/** Where the browser does not let a field be as high as what is in it, that is measured. */
const SIZES_ITSELF = CSS.supports('field-sizing', 'content');

/**
 * @param {import('../controller.js').Controller} controller
 * @param {{page: (pages: number) => void, toEnd: () => void}} timeline
 */
export function createComposer(controller, timeline) {
  const input = el('textarea', {
    id: 'message',
    rows: '1',
    enterkeyhint: 'send',
    autocomplete: 'off',
    dir: 'auto',
    'aria-label': 'Message',
    'aria-describedby': 'composer-note',
  });
  const note = el('p', { id: 'composer-note', class: 'composer-note', role: 'status' });
  const button = el(
    'button',
    { type: 'submit', class: 'send', 'aria-label': 'Send' },
    icon('send'),
  );
  const emoji = el(
    'button',
    {
      type: 'button',
      class: 'plain add-emoji',
      'aria-label': 'Add an emoji',
      on: { click: () => lazily('emoji', (dialog) => dialog.openEmoji(insert)) },
    },
    icon('smile'),
  );
  const aboutText = el('span', { class: 'about-text', dir: 'auto' });
  const about = el(
    'div',
    { class: 'about', hidden: true },
    aboutText,
    el(
      'button',
      { type: 'button', class: 'plain', 'aria-label': 'Never mind', on: { click: dismiss } },
      icon('close'),
    ),
  );
  const completion = createCompletion(input, controller, changed);
  const node = el(
    'form',
    { class: 'composer', 'aria-label': 'New message', on: { submit } },
    about,
    completion.node,
    el('div', { class: 'field' }, input, emoji, button),
    note,
  );
  let draftKey = '';
  /** @type {import('../state/initial.js').State['reply']} */ let shownAbout = null;

  const editing = () => shownAbout?.how === 'edit';
  const draft = () => readKept('sessionStorage', draftKey) ?? '';

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    const { text, error } = checkText(input.value);
    if (error && input.value.trim()) return complain(error);
    if (!text) return;
    if (editing()) {
      const seq = shownAbout?.seq ?? 0;
      const changes = text !== messageOf(controller.state(), seq)?.text;
      if (changes) {
        controller.act(
          { type: 'edit', room: controller.state().current, seq, text },
          { quiet: true },
        );
      }
      dismiss();
    } else {
      input.value = '';
      changed();
      controller.send(text);
    }
    input.focus();
  }

  /** @param {string} error */
  function complain(error) {
    note.classList.add('wrong');
    setText(note, error);
  }

  function changed() {
    if (draftKey && !editing()) writeKept('sessionStorage', draftKey, input.value);
    if (!SIZES_ITSELF) fit();
    button.disabled = input.value.trim() === '';
    const used = input.value.length < COUNT_FROM ? 0 : characters(input.value.trimEnd());
    note.classList.toggle('wrong', used > TEXT_CHARACTERS_MAX);
    setText(
      note,
      used < COUNT_FROM
        ? ''
        : used > TEXT_CHARACTERS_MAX
          ? checkText(input.value).error
          : `${TEXT_CHARACTERS_MAX - used} characters left`,
    );
  }

  function fit() {
    input.style.height = 'auto';
    input.style.height = `${input.scrollHeight}px`;
  }

  /** @param {string} text */
  function insert(text) {
    input.focus();
    input.setRangeText(text, input.selectionStart, input.selectionEnd, 'end');
    changed();
  }

  function dismiss() {
    controller.intend('about', { about: null });
  }

  input.addEventListener('input', () => {
    changed();
    completion.look();
    if (input.value.trim() && !editing()) controller.typing();
  });
  input.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
    // While an input method composes, Enter picks a word.
    if (event.isComposing || event.keyCode === 229 || completion.key(event)) return;
    const plain = !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey;
    if (event.key === 'Enter' && plain) submit(event);
    else if (event.key === 'PageUp' || event.key === 'PageDown') {
      event.preventDefault();
      timeline.page(event.key === 'PageUp' ? -1 : 1);
    } else if (event.key === 'Escape') (shownAbout ? dismiss : timeline.toEnd)();
    else if (event.key === 'ArrowUp' && plain && input.value === '') editLast(event);
  });

  /** @param {Event} event */
  function editLast(event) {
    const state = controller.state();
    const last = state.rooms
      .get(state.current)
      ?.entries.findLast(
        (entry) =>
          entry.kind === 'message' && entry.username === state.me?.username && !entry.deleted,
      );
    if (!last?.seq) return;
    event.preventDefault();
    controller.intend('about', { about: { seq: last.seq, how: 'edit' } });
  }

  /** @param {import('../state/initial.js').State} state */
  function drawAbout(state) {
    if (state.reply === shownAbout) return;
    const was = shownAbout;
    shownAbout = state.reply;
    const message = shownAbout && messageOf(state, shownAbout.seq);
    about.hidden = !shownAbout;
    setText(
      aboutText,
      !shownAbout
        ? ''
        : editing()
          ? 'Editing your message'
          : `Replying to ${nameOf(state, message?.username ?? '')}: ${message?.text.slice(0, 100) ?? ''}`,
    );
    if (editing()) input.value = message?.text ?? '';
    else if (was?.how === 'edit') input.value = draft();
    changed();
    if (shownAbout) {
      input.focus();
      input.setSelectionRange(input.value.length, input.value.length);
    }
  }

  return {
    node,
    insert,
    focus: () => input.focus(),
    /**
     * @param {import('../state/initial.js').State} state
     * @returns {boolean} whether it is another room than before
     */
    update(state) {
      const key = `draft ${state.me?.username} ${state.current}`;
      const switched = key !== draftKey;
      const room = state.rooms.get(state.current);
      if (switched) {
        draftKey = key;
        shownAbout = null;
        about.hidden = true;
        input.value = draft();
        completion.close();
        changed();
      }
      if (room) input.placeholder = `Message ${titleOf(state, room)}`;
      drawAbout(state);
      return switched;
    },
  };
}
