// One's own account: name, picture, looks, notifications, password, sessions.

import { displayName } from '../../state/people.js';
import { createAvatar } from '../avatar.js';
import { el } from '../dom.js';
import * as api from '../../net/api.js';
import { permission } from '../notify.js';
import { chooseTheme, chosenTheme } from '../theme.js';
import { say } from '../toast.js';
import { action, field, form, openDialog } from './dialog.js';
import { createSessions } from './sessions.js';

const PICTURE_BYTES_MAX = 2 * 1024 * 1024;
const PICTURE_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'];

/** @param {import('../../controller.js').Controller} controller */
export function openAccount(controller) {
  const { me } = controller.state();
  if (!me) return;
  const portrait = el('div', { class: 'profile' });
  const name = field('Display name', {
    name: 'display-name',
    maxlength: '32',
    value: displayName(me),
  });
  const picture = el('input', {
    type: 'file',
    id: 'field-picture',
    accept: PICTURE_TYPES.join(','),
    on: { change: upload },
  });
  const progress = el('progress', {
    max: '1',
    value: '0',
    'aria-label': 'Upload of the picture',
    hidden: true,
  });
  const theme = field('Looks', {
    name: 'theme',
    options: { system: 'as the system has it', dark: 'dark', light: 'light' },
  });
  theme.input.value = chosenTheme();
  theme.input.addEventListener('change', () => chooseTheme(theme.input.value));
  const old = field('Password now', {
    name: 'old-password',
    type: 'password',
    autocomplete: 'current-password',
  });
  const next = field('New password', {
    name: 'new-password',
    type: 'password',
    autocomplete: 'new-password',
  });

  const dialog = openDialog(
    { title: 'Your account', wide: true },
    portrait,
    form(
      rename,
      el(
        'div',
        { class: 'beside' },
        name.node,
        el('button', { type: 'submit', class: 'button soft' }, 'Change'),
      ),
    ),
    el(
      'div',
      { class: 'field-row' },
      el('label', { for: 'field-picture' }, 'Picture (PNG, JPEG, WebP or GIF, 2 MiB at most)'),
      picture,
      progress,
    ),
    theme.node,
    notifications(),
    form(
      changePassword,
      el('h3', {}, 'Password'),
      el('div', { class: 'pair' }, old.node, next.node),
      el('button', { type: 'submit', class: 'button soft' }, 'Change the password'),
    ),
    createSessions(),
  );
  drawPortrait(me.avatar);

  /** @param {string} [avatar] */
  function drawPortrait(avatar) {
    const shown = displayName(controller.state().me ?? { username: '' });
    portrait.replaceChildren(
      createAvatar({ username: me?.username ?? '', name: shown, avatar }),
      el(
        'div',
        {},
        el('p', { class: 'profile-name' }, el('bdi', {}, shown)),
        el('p', { class: 'hint' }, `@${me?.username}`),
      ),
    );
  }

  async function rename() {
    dialog.error('');
    const answer = await controller.act(
      { type: 'profile', display_name: name.input.value.trim() },
      { quiet: true },
    );
    if (!answer.ok) return dialog.error(answer.msg);
    say('Your name is changed.');
    drawPortrait(controller.state().me?.avatar);
  }

  async function upload() {
    const file = picture.files[0];
    if (!file) return;
    dialog.error('');
    if (!PICTURE_TYPES.includes(file.type)) {
      return dialog.error('This is no picture that can be shown: choose a PNG, JPEG, WebP or GIF.');
    }
    if (file.size > PICTURE_BYTES_MAX) {
      return dialog.error('This picture is larger than 2 MiB. Make it smaller and try again.');
    }
    progress.hidden = false;
    const answer = await api.putAvatar(file, (share) => {
      progress.value = share;
    });
    progress.hidden = true;
    picture.value = '';
    if (!answer.ok) return dialog.error(answer.msg);
    drawPortrait(answer.avatar);
    say('Your picture is changed.');
  }

  async function changePassword() {
    dialog.error('');
    const answer = await api.changePassword(old.input.value, next.input.value);
    if (!answer.ok) return dialog.error(answer.msg);
    old.input.value = '';
    next.input.value = '';
    say('Your password is changed. Everywhere else you are signed out.');
  }

  function notifications() {
    const text = {
      granted: 'You are notified of mentions and direct messages; each room can be set otherwise.',
      denied:
        'This browser does not let the page notify you. Its settings for this site change that.',
      default: '',
      none: 'This browser has no notifications.',
    }[permission()];
    if (text) return el('p', { class: 'hint' }, text);
    const ask = action('Notify me of mentions', async () => {
      await Notification.requestPermission();
      ask.replaceWith(notifications());
    });
    return ask;
  }
}
