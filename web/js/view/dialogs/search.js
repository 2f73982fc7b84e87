// Finds messages by their words, and jumps to one.

import { nameOf, personOf, titleOf } from '../../state/rooms.js';
import { createAvatar } from '../avatar.js';
import { momentOf } from '../clock.js';
import { el, setText } from '../dom.js';
import { action, field, form, openDialog, usernameIn } from './dialog.js';

const PAGE = 20;

/** @param {import('../../controller.js').Controller} controller @param {string} [query] */
export function openSearch(controller, query = '') {
  const state = controller.state();
  const open = state.rooms.get(state.current);
  const words = field('Words, or "a phrase"', {
    name: 'query',
    type: 'text',
    role: 'searchbox',
    value: query,
    maxlength: '250',
    enterkeyhint: 'search',
  });
  const where = field('Where', {
    name: 'where',
    options: { '': 'Every room', ...(open ? { [open.name]: `Only ${titleOf(state, open)}` } : {}) },
  });
  const who = field('From', {
    name: 'from',
    placeholder: 'anyone',
    autocapitalize: 'none',
    spellcheck: 'false',
  });
  const said = el('p', { class: 'said', role: 'status' });
  const list = el('ol', { class: 'results' });
  const more = action('More', () => ask(cursor));
  more.hidden = true;
  let cursor = '';
  let asked = 0;

  const dialog = openDialog(
    { title: 'Search', wide: true },
    form(
      () => ask(''),
      words.node,
      el('div', { class: 'pair' }, where.node, who.node),
      el('button', { type: 'submit', class: 'button strong' }, 'Search'),
    ),
    said,
    list,
    more,
  );
  words.input.focus();
  if (query) ask('');

  /** @param {string} after */
  async function ask(after) {
    const text = words.input.value.trim();
    if (!text) return;
    asked += 1;
    const turn = asked;
    dialog.error('');
    setText(said, 'Searching…');
    const from = usernameIn(who);
    const answer = await controller.query({
      type: 'search',
      query: text,
      limit: PAGE,
      ...(where.input.value ? { room: where.input.value } : {}),
      ...(from ? { from } : {}),
      ...(after ? { cursor: after } : {}),
    });
    // A later question has a later answer.
    if (turn !== asked) return;
    if (answer.type === 'error') {
      setText(said, '');
      return dialog.error(answer.message);
    }
    if (!after) list.replaceChildren();
    list.append(...answer.messages.map(toResult));
    cursor = answer.cursor ?? '';
    more.hidden = !cursor;
    const count = list.childElementCount;
    setText(
      said,
      count === 0 && !cursor ? 'Nothing was found.' : `${count}${cursor ? ' or more' : ''} found`,
    );
    // A page may be empty although there are more.
    if (count === 0 && cursor) ask(cursor);
  }

  /** @param {any} message */
  function toResult(message) {
    const now = controller.state();
    const room = now.rooms.get(message.room);
    const name = nameOf(now, message.username);
    const show = () => {
      dialog.close();
      controller.intend('jump', { room: message.room, seq: message.seq });
    };
    return el(
      'li',
      {},
      el(
        'button',
        { type: 'button', class: 'result', on: { click: show } },
        createAvatar({
          username: message.username,
          name,
          avatar: personOf(now, message.username)?.avatar,
        }),
        el(
          'span',
          { class: 'result-body' },
          el(
            'span',
            { class: 'result-head' },
            el('bdi', { class: 'name' }, name),
            el(
              'span',
              { class: 'hint' },
              `${room ? titleOf(now, room) : message.room} · ${momentOf(message.ts)}`,
            ),
          ),
          el('span', { class: 'result-text', dir: 'auto' }, message.message),
        ),
      ),
    );
  }
}
