// The open room: its topic, who is let in or out, what one is notified of, a way out.

import { mayInvite, mayModerate } from '../../state/rights.js';
import { LOBBY } from '../../state/rooms.js';
import { el } from '../dom.js';
import { setWish, wishFor } from '../notify.js';
import { say } from '../toast.js';
import { openConfirm } from './confirm.js';
import { action, field, form, membersOf, openDialog, usernameIn } from './dialog.js';

/** @param {import('../../controller.js').Controller} controller */
export function openRoom(controller) {
  const state = controller.state();
  const room = state.rooms.get(state.current);
  if (!room) return;
  const { name } = room;
  const moderates = mayModerate(state, room);
  const kinds = {
    public: 'Everyone can find and join it.',
    private: 'Only who is invited finds it.',
    direct: 'Only the two of you.',
  };

  const topic = field('Topic', { name: 'topic', maxlength: '250', value: room.topic });
  const invited = nameField('Invite', 'invite');
  const unbanned = nameField('Lift a ban or a mute', 'lift');
  const notify = field('Notify me of', {
    name: 'notify',
    options: { mentions: 'mentions of me', all: 'every message', none: 'nothing' },
  });
  notify.input.value = wishFor(name);
  notify.input.addEventListener('change', () => setWish(name, notify.input.value));

  const dialog = openDialog(
    { title: name },
    el(
      'p',
      { class: 'hint' },
      `${kinds[room.kind]} ${membersOf(room.members)}. You are ${room.role === 'owner' ? 'an owner' : `a ${room.role}`}.`,
    ),
    moderates
      ? form(
          () =>
            run(
              { type: 'topic', room: name, topic: topic.input.value.trim() },
              'The topic is set.',
            ),
          beside(topic.node, 'Set'),
        )
      : el('p', { dir: 'auto' }, room.topic),
    mayInvite(state, room) &&
      form(() => about('invite', invited, 'is invited'), beside(invited.node, 'Invite')),
    moderates && form(() => lift(), beside(unbanned.node, 'Lift')),
    notify.node,
    name !== LOBBY && el('div', { class: 'actions' }, action('Leave this room', leave, 'danger')),
  );

  /** @param {string} label @param {string} id */
  function nameField(label, id) {
    return field(label, {
      name: id,
      placeholder: 'username',
      maxlength: '32',
      autocapitalize: 'none',
      spellcheck: 'false',
    });
  }

  /** @param {Node} node @param {string} label */
  function beside(node, label) {
    return el(
      'div',
      { class: 'beside' },
      node,
      el('button', { type: 'submit', class: 'button soft' }, label),
    );
  }

  /** @param {any} command @param {string} done */
  async function run(command, done) {
    dialog.error('');
    const answer = await controller.act(command, { quiet: true });
    if (answer.ok) say(done);
    else dialog.error(answer.msg);
    return answer.ok;
  }

  /** @param {string} type @param {{input: any}} who @param {string} done */
  async function about(type, who, done) {
    const username = usernameIn(who);
    if (!username) return who.input.focus();
    if (await run({ type, room: name, username }, `${username} ${done}.`)) who.input.value = '';
  }

  async function lift() {
    const username = usernameIn(unbanned);
    if (!username) return unbanned.input.focus();
    const lifted = await run({ type: 'unban', room: name, username }, `${username} may come back.`);
    if (lifted) {
      await run(
        { type: 'unmute', room: name, username },
        `${username} is neither banned nor muted.`,
      );
    }
  }

  function leave() {
    const text =
      room?.kind === 'private' ? 'You can only come back when somebody invites you.' : '';
    openConfirm({
      title: `Leave ${name}?`,
      text,
      action: 'Leave',
      run: async () =>
        (await run({ type: 'leave', room: name }, `You left ${name}.`)) && dialog.close(),
    });
  }
}
