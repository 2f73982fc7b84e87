// Who one is, at the foot of the rooms.

import { displayName } from '../state/people.js';
import { createAvatar } from './avatar.js';
import { el, icon } from './dom.js';
import { lazily } from './lazy.js';

/** @param {import('../controller.js').Controller} controller */
export function createAccount(controller) {
  const node = el('div', { class: 'account' });
  /** @type {any} */ let drawn = null;
  const open = () => lazily('account', (dialog) => dialog.openAccount(controller));
  return {
    node,
    /** @param {import('../state/initial.js').State} state */
    update({ me }) {
      if (!me || me === drawn) return;
      drawn = me;
      const name = displayName(me);
      node.replaceChildren(
        el(
          'button',
          { type: 'button', class: 'me', on: { click: open } },
          el('span', { class: 'unseen' }, 'Your account: '),
          createAvatar({ username: me.username, name, avatar: me.avatar }),
          el(
            'span',
            { class: 'who' },
            el('bdi', { class: 'name' }, name),
            el('span', { class: 'handle' }, `@${me.username}`),
          ),
        ),
        el(
          'button',
          {
            type: 'button',
            class: 'plain log-out',
            'aria-label': 'Log out',
            title: 'Log out',
            on: { click: () => controller.signOut() },
          },
          icon('leave'),
        ),
      );
    },
  };
}
