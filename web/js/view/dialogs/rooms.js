// Finds public rooms to join, and creates rooms.

import { ROOMS, members } from '../../messages.js';
import { el, icon, setText } from '../dom.js';
import { action, field, form, openDialog, submitButton } from './dialog.js';

const PAGE = 50;

/** @typedef {import('../../controller.js').Controller} Controller */
/** @typedef {import('../../wire.js').Command} Command */

/** @param {Controller} controller */
export function openRooms(controller) {
  const directory = createDirectory(controller, {
    open(room) {
      dialog.close();
      controller.intend('open', { room });
    },
    join: (room) => act({ type: 'join', room }),
    error: (text) => dialog.error(text),
  });

  /** @param {Command} command */
  async function act(command) {
    dialog.finish(await controller.act(command, { open: true, quiet: true }));
  }

  const create = createForm(act);
  const more = el('details', { class: 'make-room' }, el('summary', {}, ROOMS.create), create);
  const dialog = openDialog({ title: ROOMS.title, wide: true }, ...directory.nodes, more);
  directory.start();
}

/**
 * The list of public rooms, by the beginning of their names.
 * @param {Controller} controller
 * @param {{
 *   open: (room: string) => void, join: (room: string) => void, error: (text: string) => void,
 * }} to
 */
function createDirectory(controller, { open, join, error }) {
  const attributes = { type: 'text', role: 'searchbox', autocapitalize: 'none' };
  const prefix = field(ROOMS.find, { name: 'prefix', ...attributes, spellcheck: 'false' });
  const said = el('p', { class: 'said', role: 'status' });
  const list = el('ul', { class: 'directory' });
  const more = action(ROOMS.more, () => ask(last));
  let last = '';
  let asked = 0;
  prefix.input.addEventListener('input', () => ask(''));

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
    error(answer.type === 'error' ? answer.message : '');
    if (answer.type !== 'rooms') return;
    if (!after) list.replaceChildren();
    list.append(...answer.rooms.map(toItem));
    last = answer.rooms.at(-1)?.room ?? '';
    more.hidden = !answer.more;
    setText(said, list.childElementCount === 0 ? ROOMS.none : '');
  }

  /** @param {import('../../../types/wire').RoomListing} info */
  function toItem({ room, topic, members: count, joined }) {
    const hint = [topic, members(count)].filter(Boolean).join(' · ');
    const text = el(
      'span',
      { class: 'grow' },
      el('span', { class: 'name' }, room),
      el('span', { class: 'hint', dir: 'auto' }, hint),
    );
    const go = joined
      ? action(ROOMS.open, () => open(room), 'soft')
      : action(ROOMS.join, () => join(room), 'strong');
    return el('li', {}, icon('hash'), text, go);
  }

  return {
    nodes: [form(() => ask(''), prefix.node), said, list, more],
    start() {
      prefix.input.focus();
      ask('');
    },
  };
}

/** @param {(command: Command) => void} act */
function createForm(act) {
  const plain = { autocapitalize: 'none', spellcheck: 'false' };
  const rule = { maxlength: '32', placeholder: ROOMS.nameRule };
  const name = field(ROOMS.name, { name: 'room', ...rule, ...plain });
  const about = { maxlength: '250', placeholder: ROOMS.topicHint };
  const topic = field(ROOMS.topic, { name: 'topic', ...about });
  const isPrivate = el('input', { type: 'checkbox', id: 'field-private' });
  const label = el('label', { for: 'field-private' }, ROOMS.private);

  function create() {
    const room = name.input.value.trim().toLowerCase();
    if (!room) return name.input.focus();
    const text = topic.input.value.trim();
    act({
      type: 'create',
      room,
      ...(text ? { topic: text } : {}),
      ...(isPrivate.checked ? { private: true } : {}),
    });
  }

  return form(
    create,
    name.node,
    topic.node,
    el('p', { class: 'check' }, isPrivate, label),
    submitButton(ROOMS.createAction, 'strong'),
  );
}
