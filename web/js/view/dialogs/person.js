// A person: their names, a direct message to them, and what the user may do to them in the open
// room.

import { BLOCKS, PERSON } from '../../messages.js';
import { displayName } from '../../state/people.js';
import { rightsOver } from '../../state/rights.js';
import { LOBBY } from '../../state/names.js';
import { personOf, titleOf } from '../../state/rooms.js';
import { createAvatar } from '../avatar.js';
import { el } from '../dom.js';
import { say } from '../toast.js';
import { openConfirm } from './confirm.js';
import { action, choice, openDialog, option } from './dialog.js';

/** How long a ban or mute may last, in seconds; the first, nothing, has no end. */
const SECONDS = ['', 600, 3_600, 86_400, 604_800];

/** @typedef {import('../../controller.js').Controller} Controller */
/** @typedef {import('../../state/initial.js').State} State */
/** @typedef {import('../../state/room.js').Room} Room */
/** @typedef {import('../../state/people.js').Person} Person */
/** @typedef {import('../../wire.js').Role} Role */
/** @typedef {import('../../wire.js').Command} Command */
/** @typedef {(command: Command, options?: {open?: boolean}) => Promise<void>} Run */

/** @param {Controller} controller @param {string} username */
export function openPerson(controller, username) {
  const state = controller.state();
  const room = state.rooms.get(state.current);
  const known = personOf(state, username);
  const name = displayName(known ?? { username });
  const isSelf = username === state.me?.username;
  const member = room?.people.get(username);

  /** @type {Run} */
  const run = async (command, options = {}) =>
    dialog.finish(await controller.act(command, { ...options, quiet: true }));
  const message = () => run({ type: 'dm', username }, { open: true });
  const type = state.blocked.has(username) ? 'unblock' : 'block';
  const block = async () => {
    const answer = await controller.act({ type, username }, { quiet: true });
    dialog.finish(answer);
    if (answer.ok) say(BLOCKS[type](username));
  };
  const dialog = openDialog(
    { title: isSelf ? PERSON.you : name },
    createHead(username, known, member, room),
    !isSelf &&
      el(
        'div',
        { class: 'actions' },
        action(PERSON.message, message, 'strong'),
        action(PERSON[type], block),
      ),
    room && member && !isSelf ? createModeration(state, room, member, run) : el('span', {}),
  );
}

/**
 * @param {string} username
 * @param {Person|undefined} known
 * @param {Person|undefined} member
 * @param {Room|undefined} room
 */
function createHead(username, known, member, room) {
  const name = displayName(known ?? { username });
  const role = member && room && room.kind !== 'direct' && PERSON.roleIn(member.role, room.name);
  const facts = [`@${username}`, known?.online ? PERSON.online : PERSON.offline, role];
  return el(
    'div',
    { class: 'profile' },
    createAvatar({ username, name, avatar: known?.avatar }),
    el(
      'div',
      {},
      el('p', { class: 'profile-name' }, el('bdi', {}, name)),
      el('p', { class: 'hint' }, facts.filter(Boolean).join(' · ')),
    ),
  );
}

/** @param {State} state @param {Room} room @param {Person} about @param {Run} run */
function createModeration(state, room, about, run) {
  const rights = rightsOver(state, room, about);
  if (!rights.mute && !rights.role) return el('span', {});
  const { username } = about;
  const target = { room: room.name, username };
  const name = displayName(about);
  const options = SECONDS.map((seconds, at) => option(seconds, PERSON.durations[at]));
  const duration = choice(PERSON.duration, 'for', options);
  const time = () => (duration.input.value ? { for_s: Number(duration.input.value) } : {});
  const timeText = () => PERSON.durations[duration.input.selectedIndex];
  const role = choice(PERSON.roleLabel(titleOf(state, room)), 'role', Object.entries(PERSON.roles));
  role.input.value = about.role;
  role.input.addEventListener('change', () =>
    run({ type: 'role', ...target, role: /** @type {Role} */ (role.input.value) }),
  );
  const remove = () =>
    openConfirm({
      title: PERSON.removeQuestion(name, room.name),
      action: PERSON.remove,
      run: () => run({ type: 'kick', ...target }),
    });
  const ban = () => {
    const command = { type: /** @type {const} */ ('ban'), ...target, ...time() };
    const place = room.name === LOBBY ? PERSON.thisServer : room.name;
    openConfirm({
      title: PERSON.banQuestion(name, place),
      text: timeText(),
      action: PERSON.ban,
      run: () => run(command),
    });
  };
  return el(
    'section',
    { class: 'moderation', 'aria-label': PERSON.moderation },
    rights.role && role.node,
    duration.node,
    el(
      'div',
      { class: 'actions' },
      action(PERSON.mute, () => run({ type: 'mute', ...target, ...time() })),
      action(PERSON.unmute, () => run({ type: 'unmute', ...target })),
      rights.kick && action(PERSON.remove, remove, 'danger'),
      action(PERSON.ban, ban, 'danger'),
    ),
  );
}
