// Finds public rooms to join, and makes new ones.

import { el, icon, setText } from '../dom.js';
import { action, field, form, membersOf, openDialog } from './dialog.js';

const PAGE = 50;

/** @param {import('../../controller.js').Controller} controller */
export function openRooms(controller) {
  const prefix = field('Find a room by its name', {
    name: 'prefix',
    type: 'text',
    role: 'searchbox',
    autocapitalize: 'none',
    spellcheck: 'false',
  });
  const said = el('p', { class: 'said', role: 'status' });
  const list = el('ul', { class: 'directory' });
  const more = action('More', () => ask(last));
  let last = '';
  let asked = 0;

  const name = field('Name', {
    name: 'room',
    maxlength: '32',
    placeholder: 'a-z, 0-9 and dashes',
    autocapitalize: 'none',
    spellcheck: 'false',
  });
  const topic = field('Topic', {
    name: 'topic',
    maxlength: '250',
    placeholder: 'what it is about',
  });
  const isPrivate = el('input', { type: 'checkbox', id: 'field-private' });
  const make = form(
    create,
    name.node,
    topic.node,
    el(
      'p',
      { class: 'check' },
      isPrivate,
      el('label', { for: 'field-private' }, 'Private: only who is invited finds it'),
    ),
    el('button', { type: 'submit', class: 'button strong' }, 'Make the room'),
  );
  const dialog = openDialog(
    { title: 'Rooms', wide: true },
    form(() => ask(''), prefix.node),
    said,
    list,
    more,
    el('details', { class: 'make-room' }, el('summary', {}, 'Make a new room'), make),
  );
  prefix.input.addEventListener('input', () => ask(''));
  prefix.input.focus();
  ask('');

  /** @param {string} after */
  async function ask(after) {
    asked += 1;
    const turn = asked;
    const starts = prefix.input.value.trim().toLowerCase();
    const answer = await controller.query({
      type: 'rooms',
      limit: PAGE,
      ...(starts ? { prefix: starts } : {}),
      ...(after ? { after } : {}),
    });
    if (turn !== asked) return;
    if (answer.type === 'error') return dialog.error(answer.message);
    dialog.error('');
    if (!after) list.replaceChildren();
    list.append(...answer.rooms.map(toItem));
    last = answer.rooms.at(-1)?.room ?? '';
    more.hidden = !answer.more;
    setText(said, list.childElementCount === 0 ? 'No public room begins so.' : '');
  }

  /** @param {any} room */
  function toItem(room) {
    return el(
      'li',
      {},
      icon('hash'),
      el(
        'span',
        { class: 'grow' },
        el('span', { class: 'name' }, room.room),
        el(
          'span',
          { class: 'hint', dir: 'auto' },
          [room.topic, membersOf(room.members)].filter(Boolean).join(' · '),
        ),
      ),
      action(
        room.joined ? 'Open' : 'Join',
        () => (room.joined ? open(room.room) : join(room.room)),
        room.joined ? 'soft' : 'strong',
      ),
    );
  }

  /** @param {string} room */
  function open(room) {
    dialog.close();
    controller.intend('open', { room });
  }

  /** @param {string} room */
  async function join(room) {
    dialog.finish(await controller.act({ type: 'join', room }, { open: true, quiet: true }));
  }

  async function create() {
    const room = name.input.value.trim().toLowerCase();
    if (!room) return name.input.focus();
    const about = topic.input.value.trim();
    const more = {
      ...(about ? { topic: about } : {}),
      ...(isPrivate.checked ? { private: true } : {}),
    };
    dialog.finish(
      await controller.act({ type: 'create', room, ...more }, { open: true, quiet: true }),
    );
  }
}
