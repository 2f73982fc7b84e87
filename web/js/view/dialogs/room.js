// The open room: its topic, invitations, bans and mutes, notifications, and leaving it.

import { ROOM } from '../../messages.js';
import { mayInvite, mayModerate } from '../../state/rights.js';
import { LOBBY } from '../../state/names.js';
import { el } from '../dom.js';
import { setWish, wishFor } from '../notify.js';
import { say } from '../toast.js';
import { openConfirm } from './confirm.js';
import {
  action,
  beside,
  choice,
  field,
  form,
  nameField,
  openDialog,
  usernameIn,
} from './dialog.js';

/** @typedef {import('../../controller.js').Controller} Controller */
/** @typedef {import('../../state/room.js').Room} Room */
/** @typedef {import('./dialog.js').Field} Field */
/** @typedef {import('../notify.js').Wish} Wish */
/** @typedef {import('../../wire.js').Command} Command */
/** @typedef {(command: Command, done: string, about?: Field) => Promise<boolean>} Run */

/** @param {Controller} controller */
export function openRoom(controller) {
  const state = controller.state();
  const room = state.rooms.get(state.current);
  if (!room) return;
  const moderates = mayModerate(state, room);

  /** @type {Run} */
  async function run(command, done, about) {
    dialog.error('');
    const answer = await controller.act(command, { quiet: true });
    if (answer.ok) say(done);
    else dialog.error(answer.msg, about);
    return answer.ok;
  }

  const about = ROOM.about(ROOM.kinds[room.kind], room.members, ROOM.roles[room.role]);
  const leave = () => askToLeave(room, run, () => dialog.close());
  const dialog = openDialog(
    { title: room.name },
    el('p', { class: 'hint' }, about),
    moderates ? topicForm(room, run) : el('p', { dir: 'auto' }, room.topic),
    mayInvite(state, room) && inviteForm(room, run),
    moderates && liftForm(room, run),
    notifyField(controller, room),
    room.name !== LOBBY && el('div', { class: 'actions' }, action(ROOM.leave, leave, 'danger')),
  );
}

/** @param {Room} room @param {Run} run */
function topicForm(room, run) {
  const topic = field(ROOM.topic, { name: 'topic', maxlength: '250', value: room.topic });
  const set = () => {
    const command = {
      type: /** @type {const} */ ('topic'),
      room: room.name,
      topic: topic.input.value.trim(),
    };
    run(command, ROOM.topicSet, topic);
  };
  return form(set, beside(topic, ROOM.set));
}

/** @param {Room} room @param {Run} run */
function inviteForm(room, run) {
  const who = nameField(ROOM.invite, 'invite');
  async function invite() {
    const username = usernameIn(who);
    if (!username) return who.input.focus();
    const command = { type: /** @type {const} */ ('invite'), room: room.name, username };
    if (await run(command, ROOM.invited(username), who)) who.input.value = '';
  }
  return form(invite, beside(who, ROOM.invite));
}

/** @param {Room} room @param {Run} run */
function liftForm(room, run) {
  const who = nameField(ROOM.lift, 'lift');
  async function lift() {
    const username = usernameIn(who);
    if (!username) return who.input.focus();
    const target = { room: room.name, username };
    const lifted = await run({ type: 'unban', ...target }, ROOM.unbanned(username), who);
    if (lifted) await run({ type: 'unmute', ...target }, ROOM.lifted(username), who);
  }
  return form(lift, beside(who, ROOM.liftAction));
}

/** @param {Controller} controller @param {Room} room */
function notifyField(controller, { name }) {
  const notify = choice(ROOM.notifyLabel, 'notify', Object.entries(ROOM.notify));
  notify.input.value = wishFor(controller.state(), name);
  notify.input.addEventListener('change', () =>
    setWish(controller.state(), name, /** @type {Wish} */ (notify.input.value)),
  );
  return notify.node;
}

/** @param {Room} room @param {Run} run @param {() => void} close */
function askToLeave({ name, kind, members }, run, close) {
  const command = { type: /** @type {const} */ ('leave'), room: name };
  const text = members === 1 ? ROOM.leaveEmpty : kind === 'private' ? ROOM.leavePrivate : '';
  openConfirm({
    title: ROOM.leaveQuestion(name),
    text,
    action: ROOM.leaveAction,
    run: async () => (await run(command, ROOM.left(name))) && close(),
  });
}
