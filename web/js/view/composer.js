// The field in which messages are written: Enter sends, Shift-Enter begins a line. It shows the
// open room's draft, which the state holds.

import { COMPOSER, removedSentence } from '../messages.js';
import { draftOf } from '../state/drafts.js';
import { lastOwnMessage } from '../state/rights.js';
import { nameOf, titleOf } from '../state/rooms.js';
import { TEXT_CHARACTERS_MAX, characters, checkText, splitText } from '../wire.js';
import { momentOf } from './clock.js';
import { createCompletion } from './complete.js';
import { copyText } from './copy.js';
import { button, el, icon, iconButton, setText } from './dom.js';
import { lazily } from './lazy.js';
import { sendOrRun } from './slash.js';

/** From this length on, the number of characters left is shown. */
const COUNT_FROM = TEXT_CHARACTERS_MAX - 400;
/** Characters of the answered message that are shown above the field. */
const QUOTED_MAX = 100;

/** Where the browser does not fit the field's height to its text, the page does. */
const SIZES_ITSELF = CSS.supports('field-sizing', 'content');

/** @typedef {import('../controller.js').Controller} Controller */
/** @typedef {import('../state/initial.js').State} State */
/** @typedef {import('../state/drafts.js').Draft} Draft */
/** @typedef {{page: (pages: number) => void, toEnd: () => void}} Timeline */

/** @param {Controller} controller @param {Timeline} timeline */
export function createComposer(controller, timeline) {
  const field = createField(controller);
  const about = createAbout(controller, field.focus);
  const closed = createClosedBar(controller);
  const pick = () => lazily('emoji', (dialog) => dialog.openEmoji(field.insert));
  const emoji = iconButton('plain add-emoji', COMPOSER.addEmoji, 'smile', pick);
  const node = el(
    'form',
    { class: 'composer', 'aria-label': COMPOSER.form, on: { submit } },
    about.node,
    field.completion.node,
    el('div', { class: 'field' }, field.input, emoji, field.send),
    field.note,
    closed.node,
  );
  field.input.addEventListener('keydown', onKey);
  let shownRoom = '';

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    const state = controller.state();
    // The text belongs to the room that the field shows, which may lag behind for a moment.
    if (shownRoom !== state.current) return;
    const { edit } = draftOf(state, state.current);
    const { text, error } = checkText(field.input.value);
    if (error && field.input.value.trim()) return field.complain(error);
    if (!text || field.input.readOnly) return;
    if (edit) saveEdit(edit, text);
    else sendOrRun(controller, text);
    field.focus();
  }

  /** @param {import('../state/drafts.js').Edit} edit @param {string} text */
  function saveEdit({ seq, original }, text) {
    const command = { type: /** @type {const} */ ('edit'), room: shownRoom, seq, text };
    if (text !== original) controller.act(command, { quiet: true });
    controller.intend('dismiss');
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    // While an input method composes, Enter picks a word.
    if (event.isComposing || event.keyCode === 229 || field.completion.key(event)) return;
    const plain = !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey;
    if (event.key === 'Enter' && plain) submit(event);
    else if (event.key === 'PageUp' || event.key === 'PageDown') {
      event.preventDefault();
      timeline.page(event.key === 'PageUp' ? -1 : 1);
    } else if (event.key === 'Escape') {
      if (!about.dismiss()) timeline.toEnd();
    } else if (event.key === 'ArrowUp' && plain && field.input.value === '') editLast(event);
  }

  /** Edits the last own message among those that are shown. @param {Event} event */
  function editLast(event) {
    const message = lastOwnMessage(controller.state());
    if (!message || field.input.readOnly) return;
    event.preventDefault();
    controller.intend('edit', { message });
  }

  return {
    node,
    insert: field.insert,
    focus: field.focus,
    /** @param {State} state @returns {boolean} whether it is another room than before */
    update(state) {
      const switched = shownRoom !== state.current;
      shownRoom = state.current;
      const room = state.rooms.get(state.current);
      const draft = draftOf(state, state.current);
      const title = room ? titleOf(state, room) : '';
      closed.update(room, title, draft);
      field.close(Boolean(room?.closed));
      const mute = room?.mute && COMPOSER.muted(room.mute.until ? momentOf(room.mute.until) : '');
      field.update(state.current, draft, COMPOSER.placeholder(title), mute ?? '');
      about.update(state, draft, switched);
      return switched;
    },
  };
}

/** The field itself, its suggestions, its note and its button. @param {Controller} controller */
function createField(controller) {
  const input = el('textarea', {
    id: 'message',
    rows: '1',
    enterkeyhint: 'send',
    autocomplete: 'off',
    dir: 'auto',
    'aria-label': COMPOSER.field,
    'aria-describedby': 'composer-note',
  });
  const note = createNote(sendParts);
  const send = el(
    'button',
    { type: 'submit', class: 'send', 'aria-label': COMPOSER.send },
    icon('send'),
  );
  const completion = createCompletion(input, controller, write);
  /** The room whose draft the field shows. */ let shown = '';
  /** The note while the text is short enough. */ let standing = '';

  /** Sends a text that is too long as several messages. */
  function sendParts() {
    if (shown !== controller.state().current || input.readOnly) return;
    for (const part of splitText(input.value)) controller.send(part);
    input.focus();
  }

  /** Hands what was typed to the state, and draws what depends on it. */
  function write() {
    controller.intend('write', { room: shown, text: input.value });
    draw();
  }

  function draw() {
    if (!SIZES_ITSELF) {
      input.style.height = 'auto';
      input.style.height = `${input.scrollHeight}px`;
    }
    send.disabled = input.readOnly || input.value.trim() === '';
    note.draw(input.value, standing, draftOf(controller.state(), shown).edit !== null);
  }

  input.addEventListener('input', () => {
    write();
    completion.look();
    const state = controller.state();
    const isMuted = state.rooms.get(state.current)?.mute;
    const isMessage = /^\s*[^/\s]/u.test(input.value);
    if (isMessage && !isMuted && !draftOf(state, state.current).edit) controller.typing();
  });
  return {
    input,
    note: note.node,
    complain: note.complain,
    send,
    completion,
    focus() {
      if (!input.readOnly) input.focus();
    },
    /** @param {string} text */
    insert(text) {
      if (input.readOnly) return;
      input.focus();
      input.setRangeText(text, input.selectionStart, input.selectionEnd, 'end');
      write();
    },
    /**
     * A room that the user is not in takes no text; its text can be read and copied.
     * @param {boolean} isClosed
     */
    close(isClosed) {
      if (input.readOnly === isClosed) return;
      input.readOnly = isClosed;
      if (isClosed && document.activeElement === input) input.blur();
      completion.close();
    },
    /**
     * @param {string} room
     * @param {Draft} draft
     * @param {string} placeholder
     * @param {string} notice what is said below the field
     */
    update(room, draft, placeholder, notice) {
      standing = notice;
      const text = draft.edit?.text ?? draft.text;
      input.placeholder = placeholder;
      if (room !== shown) completion.close();
      shown = room;
      if (input.value !== text) {
        input.value = text;
        input.setSelectionRange(text.length, text.length);
      }
      draw();
    },
  };
}

/**
 * The line below the field: what is wrong with the text, or what else there is to say.
 * @param {() => void} sendParts
 */
function createNote(sendParts) {
  const said = el('span', {});
  const split = button('link', sendParts, COMPOSER.split);
  split.hidden = true;
  const noteAttributes = { id: 'composer-note', class: 'composer-note', role: 'status' };
  const node = el('p', noteAttributes, said, ' ', split);
  return {
    node,
    /** @param {string} error */
    complain(error) {
      node.classList.add('wrong');
      setText(said, error);
    },
    /** @param {string} text @param {string} standing @param {boolean} isEdit */
    draw(text, standing, isEdit) {
      const used = text.length < COUNT_FROM ? 0 : characters(text.trimEnd());
      const isOver = used > TEXT_CHARACTERS_MAX;
      node.classList.toggle('wrong', isOver);
      split.hidden = !isOver || isEdit;
      if (isOver) setText(said, checkText(text).error);
      else setText(said, used < COUNT_FROM ? standing : COMPOSER.left(TEXT_CHARACTERS_MAX - used));
    },
  };
}

/**
 * The line above the field: which message is edited or answered.
 * @param {Controller} controller
 * @param {() => void} focus
 */
function createAbout(controller, focus) {
  const text = el('span', { class: 'about-text', dir: 'auto' });
  const cancel = iconButton('plain', COMPOSER.cancel, 'close', dismiss);
  const node = el('div', { class: 'about', hidden: true }, text, cancel);
  let shown = '';

  /** Ends the edit or the reply. @returns {boolean} whether there was one */
  function dismiss() {
    const state = controller.state();
    const { edit, reply } = draftOf(state, state.current);
    if (!edit && !reply) return false;
    if (edit && edit.text !== edit.original) {
      const question = {
        title: COMPOSER.discardEdit,
        text: edit.text,
        action: COMPOSER.discardAction,
        run: () => controller.intend('dismiss', { room: state.current }),
      };
      lazily('confirm', (dialog) => dialog.openConfirm(question));
    } else {
      controller.intend('dismiss');
    }
    return true;
  }

  return {
    node,
    dismiss,
    /** @param {State} state @param {Draft} draft @param {boolean} switched */
    update(state, { edit, reply }, switched) {
      const key = edit ? `edit ${edit.seq}` : reply ? `reply ${reply.seq}` : '';
      node.hidden = key === '';
      const quoted = reply?.text.slice(0, QUOTED_MAX) ?? '';
      const name = reply ? nameOf(state, reply.username) : '';
      setText(text, edit ? COMPOSER.editing : COMPOSER.replying(name, quoted));
      if (key && key !== shown && !switched) focus();
      shown = key;
    },
  };
}

/** The bar below the field of a room that the user is not in. @param {Controller} controller */
function createClosedBar(controller) {
  const text = el('p', { role: 'status' });
  const copy = button('button soft', copyDraft, COMPOSER.copy);
  const close = button('button strong', () => controller.intend('dropClosed'));
  const node = el('div', { class: 'closed-bar', hidden: true }, text, copy, close);

  function copyDraft() {
    const state = controller.state();
    const draft = draftOf(state, state.current);
    copyText(draft.edit?.text ?? draft.text);
  }

  return {
    node,
    /**
     * @param {import('../state/room.js').Room|undefined} room
     * @param {string} title
     * @param {Draft} draft
     */
    update(room, title, draft) {
      node.hidden = !room?.closed;
      node.parentElement?.classList.toggle('closed', Boolean(room?.closed));
      if (!room?.closed) return;
      const written = draft.edit?.text ?? draft.text;
      copy.hidden = written === '';
      setText(text, removedSentence(room.closed, title, momentOf));
      const isEmpty = written === '' && room.pending.length === 0;
      setText(close, isEmpty ? COMPOSER.close : COMPOSER.discard);
    },
  };
}
