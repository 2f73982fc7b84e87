// The user, at the foot of the rooms: their account, and the way to sign out.

import { ACCOUNT, SIGN_OUT } from '../messages.js';
import { displayName } from '../state/people.js';
import { createAvatar } from './avatar.js';
import { button, el, iconButton } from './dom.js';
import { lazily } from './lazy.js';

/** @param {import('../controller.js').Controller} controller */
export function createAccount(controller) {
  const node = el('div', { class: 'account' });
  /** @type {import('../state/initial.js').Me|null} */ let drawn = null;
  const open = () => lazily('account', (dialog) => dialog.openAccount(controller));
  const leave = iconButton('plain sign-out', SIGN_OUT.action, 'leave', signOut);

  /** Asks first where something is unsent, because signing out removes it. */
  function signOut() {
    const { messages, drafts } = controller.unsent();
    if (messages + drafts === 0) return controller.signOut();
    const question = {
      title: SIGN_OUT.question,
      text: SIGN_OUT.unsent(messages, drafts),
      action: SIGN_OUT.action,
      run: () => controller.signOut(),
    };
    lazily('confirm', (dialog) => dialog.openConfirm(question));
  }

  return {
    node,
    /** @param {import('../state/initial.js').State} state */
    update({ me }) {
      if (!me || me === drawn) return;
      drawn = me;
      const name = displayName(me);
      const who = el(
        'span',
        { class: 'who' },
        el('bdi', { class: 'name' }, name),
        el('span', { class: 'handle' }, `@${me.username}`),
      );
      const account = button(
        'me',
        open,
        el('span', { class: 'unseen' }, ACCOUNT.yours),
        createAvatar({ username: me.username, name, avatar: me.avatar }),
        who,
      );
      node.replaceChildren(account, leave);
    },
  };
}
