// Someone: what they are called, a way to write to them, and what one may do about them in the open room.

import { displayName } from '../../state/people.js';
import { rightsOver } from '../../state/rights.js';
import { personOf, titleOf } from '../../state/rooms.js';
import { createAvatar } from '../avatar.js';
import { el } from '../dom.js';
import { action, field, openDialog } from './dialog.js';
import { openConfirm } from './confirm.js';

const FOR = {
  '': 'until it is taken back',
  600: 'for 10 minutes',
  3600: 'for an hour',
  86400: 'for a day',
  604800: 'for a week',
};

/** @param {import('../../controller.js').Controller} controller @param {string} username */
export function openPerson(controller, username) {
  const state = controller.state();
  const room = state.rooms.get(state.current);
  const person = personOf(state, username) ?? {
    username,
    display_name: username,
    role: /** @type {const} */ ('member'),
    online: false,
  };
  const name = displayName(person);
  const self = username === state.me?.username;
  const member = room?.people.get(username);

  const head = el(
    'div',
    { class: 'profile' },
    createAvatar({ username, name, avatar: person.avatar }),
    el(
      'div',
      {},
      el('p', { class: 'profile-name' }, el('bdi', {}, name)),
      el(
        'p',
        { class: 'hint' },
        [
          `@${username}`,
          person.online ? 'online' : 'offline',
          member && room?.kind !== 'direct' && `${member.role} of ${room?.name}`,
        ]
          .filter(Boolean)
          .join(' · '),
      ),
    ),
  );
  const dialog = openDialog(
    { title: self ? 'You' : name },
    head,
    el(
      'div',
      { class: 'actions' },
      !self &&
        action('Write to them', () => run({ type: 'dm', username }, { open: true }), 'strong'),
    ),
    room && member && !self ? moderation(member) : el('span', {}),
  );

  /** @param {import('../../state/people.js').Person} about */
  function moderation(about) {
    if (!room) return el('span', {});
    const rights = rightsOver(state, room, about);
    if (!rights.mute && !rights.role) return el('span', {});
    const name_ = room.name;
    const duration = field('For how long', { name: 'for', options: FOR });
    const time = () => (duration.input.value ? { for_s: Number(duration.input.value) } : {});
    const role = field(`Role in ${titleOf(state, room)}`, {
      name: 'role',
      options: { member: 'Member', moderator: 'Moderator', owner: 'Owner' },
    });
    role.input.value = about.role;
    role.input.addEventListener('change', () =>
      run({ type: 'role', room: name_, username, role: role.input.value }),
    );
    const sure = (
      /** @type {string} */ title,
      /** @type {string} */ label,
      /** @type {any} */ command,
    ) => openConfirm({ title, action: label, run: () => run(command) });
    return el(
      'section',
      { class: 'moderation', 'aria-label': 'Moderation' },
      rights.role && role.node,
      duration.node,
      el(
        'div',
        { class: 'actions' },
        action('Mute', () => run({ type: 'mute', room: name_, username, ...time() })),
        action('Unmute', () => run({ type: 'unmute', room: name_, username })),
        rights.kick &&
          action(
            'Put out',
            () =>
              sure(`Put ${name} out of ${name_}?`, 'Put out', {
                type: 'kick',
                room: name_,
                username,
              }),
            'danger',
          ),
        action(
          'Ban',
          () =>
            sure(`Ban ${name} from ${name_ === 'lobby' ? 'this server' : name_}?`, 'Ban', {
              type: 'ban',
              room: name_,
              username,
              ...time(),
            }),
          'danger',
        ),
      ),
    );
  }

  /** @param {any} command @param {{open?: boolean}} [options] */
  async function run(command, options = {}) {
    dialog.finish(await controller.act(command, { ...options, quiet: true }));
  }
}
