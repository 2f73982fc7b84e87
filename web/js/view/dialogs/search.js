// Finds messages by their words, and jumps to one.

import { BLOCKED, SEARCH } from '../../messages.js';
import { nameOf, personOf, titleOf } from '../../state/rooms.js';
import { createAvatar } from '../avatar.js';
import { momentOf } from '../clock.js';
import { button, el, setText } from '../dom.js';
import {
  action,
  choice,
  field,
  form,
  openDialog,
  option,
  submitButton,
  usernameIn,
} from './dialog.js';

const PAGE = 20;

/** @typedef {import('../../controller.js').Controller} Controller */
/** @typedef {Extract<import('../../wire.js').Command, {type: 'search'}>} Command */
/** @typedef {import('../../wire.js').ChatFrame} ChatFrame */

/** @param {Controller} controller @param {string} [query] */
export function openSearch(controller, query = '') {
  const fields = createFields(controller, query);
  const said = el('p', { class: 'said', role: 'status' });
  const list = el('ol', { class: 'results' });
  const more = action(SEARCH.more, () => ask(cursor));
  more.hidden = true;
  let cursor = '';
  let asked = 0;

  const dialog = openDialog(
    { title: SEARCH.title, wide: true },
    form(() => ask(''), ...fields.nodes, submitButton(SEARCH.action, 'strong')),
    said,
    list,
    more,
  );
  fields.focus();
  if (query) ask('');

  /** @param {string} after */
  async function ask(after) {
    const command = fields.command();
    if (!command) return;
    asked += 1;
    const turn = asked;
    dialog.error('');
    setText(said, SEARCH.searching);
    const answer = await controller.query({ ...command, ...(after ? { cursor: after } : {}) });
    // A later question has a later answer.
    if (turn !== asked) return;
    if (answer.type === 'error') {
      setText(said, '');
      return dialog.error(answer.message);
    }
    if (answer.type !== 'results') return;
    if (!after) list.replaceChildren();
    const results = answer.messages.map((message) => toResult(controller, message, dialog.close));
    list.append(...results);
    cursor = answer.cursor ?? '';
    more.hidden = !cursor;
    const count = list.childElementCount;
    setText(said, SEARCH.found(count, cursor !== ''));
    // A page may be empty although there are more.
    if (count === 0 && cursor) ask(cursor);
  }
}

/**
 * The fields of a search: the words, the room and the sender.
 * @param {Controller} controller
 * @param {string} query
 */
function createFields(controller, query) {
  const state = controller.state();
  const open = state.rooms.get(state.current);
  const words = field(SEARCH.words, {
    name: 'query',
    type: 'text',
    role: 'searchbox',
    value: query,
    maxlength: '250',
    enterkeyhint: 'search',
  });
  const everywhere = option('', SEARCH.everyRoom);
  const here = open ? [option(open.name, SEARCH.onlyIn(titleOf(state, open)))] : [];
  const where = choice(SEARCH.where, 'where', [everywhere, ...here]);
  const plain = { autocapitalize: 'none', spellcheck: 'false' };
  const who = field(SEARCH.from, { name: 'from', placeholder: SEARCH.anyone, ...plain });
  return {
    nodes: [words.node, el('div', { class: 'pair' }, where.node, who.node)],
    focus: () => words.input.focus(),
    /** @returns {Command|null} nothing where there is nothing to search for */
    command() {
      const text = words.input.value.trim();
      const from = usernameIn(who);
      if (!text) return null;
      return {
        type: 'search',
        query: text,
        limit: PAGE,
        ...(where.input.value ? { room: where.input.value } : {}),
        ...(from ? { from } : {}),
      };
    },
  };
}

/** @param {Controller} controller @param {ChatFrame} message @param {() => void} close */
function toResult(controller, message, close) {
  const state = controller.state();
  const room = state.rooms.get(message.room);
  const name = nameOf(state, message.username);
  const place = `${room ? titleOf(state, room) : message.room} · ${momentOf(message.ts)}`;
  const show = () => {
    close();
    controller.intend('jump', { room: message.room, seq: message.seq });
  };
  const head = el(
    'span',
    { class: 'result-head' },
    el('bdi', { class: 'name' }, name),
    el('span', { class: 'hint' }, place),
  );
  const said = state.blocked.has(message.username) ? BLOCKED : message.message;
  const text = el('span', { class: 'result-text', dir: 'auto' }, said);
  const avatar = personOf(state, message.username)?.avatar;
  const result = button(
    'result',
    show,
    createAvatar({ username: message.username, name, avatar }),
    el('span', { class: 'result-body' }, head, text),
  );
  return el('li', {}, result);
}
