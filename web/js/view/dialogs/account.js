// The user's own account: display name, picture, theme, notifications, password, sessions.

import { ACCOUNT } from '../../messages.js';
import * as api from '../../net/api.js';
import { displayName } from '../../state/people.js';
import { createAvatar } from '../avatar.js';
import { el } from '../dom.js';
import { permission } from '../notify.js';
import { chooseTheme, chosenTheme } from '../theme.js';
import { say } from '../toast.js';
import { action, beside, choice, field, form, openDialog, submitButton } from './dialog.js';
import { createSessions } from './sessions.js';

const PICTURE_BYTES_MAX = 2 * 1024 * 1024;
const PICTURE_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'];

/** @typedef {import('../../controller.js').Controller} Controller */
/** @typedef {import('../../state/initial.js').Me} Me */
/** @typedef {import('../theme.js').Theme} Theme */
/** @typedef {(text: string, about?: import('./dialog.js').Field) => void} TellError */

/** @param {Controller} controller */
export function openAccount(controller) {
  const { me } = controller.state();
  if (!me) return;
  /** @type {TellError} */ const error = (text, about) => dialog.error(text, about);
  const portrait = createPortrait(me);
  const dialog = openDialog(
    { title: ACCOUNT.title, wide: true },
    portrait.node,
    createNameForm(controller, portrait, error),
    createPictureField(controller, portrait, error),
    createThemeField(),
    createNotifications(),
    createPasswordForm(controller, error),
    createSessions(controller),
  );
}

/** The picture and the names at the head of the dialog. @param {Me} me */
function createPortrait({ username, display_name, avatar }) {
  const node = el('div', { class: 'profile' });
  const shown = { name: displayName({ username, display_name }), avatar };

  /** @param {{name?: string, avatar?: string}} change */
  function draw(change) {
    Object.assign(shown, change);
    node.replaceChildren(
      createAvatar({ username, ...shown }),
      el(
        'div',
        {},
        el('p', { class: 'profile-name' }, el('bdi', {}, shown.name)),
        el('p', { class: 'hint' }, `@${username}`),
      ),
    );
  }

  draw({});
  return { node, draw, username };
}

/**
 * @param {Controller} controller
 * @param {ReturnType<typeof createPortrait>} portrait
 * @param {TellError} error
 */
function createNameForm(controller, portrait, error) {
  const { me } = controller.state();
  const name = field(ACCOUNT.displayName, {
    name: 'display-name',
    maxlength: '32',
    value: me ? displayName(me) : '',
  });

  async function rename() {
    error('');
    const chosen = name.input.value.trim();
    const command = { type: /** @type {const} */ ('profile'), display_name: chosen };
    const answer = await controller.act(command, { quiet: true });
    if (!answer.ok) return error(answer.msg, name);
    say(ACCOUNT.nameChanged);
    // The event that tells everyone of the new name may come later than the answer.
    portrait.draw({ name: chosen || portrait.username });
  }

  return form(rename, beside(name, ACCOUNT.change));
}

/**
 * @param {Controller} controller
 * @param {ReturnType<typeof createPortrait>} portrait
 * @param {TellError} error
 */
function createPictureField(controller, portrait, error) {
  const input = el('input', {
    type: 'file',
    id: 'field-picture',
    accept: PICTURE_TYPES.join(','),
    on: { change: upload },
  });
  const progress = el('progress', {
    max: '1',
    value: '0',
    'aria-label': ACCOUNT.uploading,
    hidden: true,
  });
  const label = el('label', { for: 'field-picture' }, ACCOUNT.picture);
  const node = el('div', { class: 'field-row' }, label, input, progress);

  async function upload() {
    const file = input.files?.[0];
    if (!file) return;
    error('');
    if (!PICTURE_TYPES.includes(file.type)) return error(ACCOUNT.notAPicture, { node, input });
    if (file.size > PICTURE_BYTES_MAX) return error(ACCOUNT.pictureTooLarge, { node, input });
    progress.hidden = false;
    const put = () =>
      api.putAvatar(file, (share) => {
        progress.value = share;
      });
    const answer = await controller.asMe(put);
    progress.hidden = true;
    input.value = '';
    if (!answer.ok) return error(answer.msg, { node, input });
    portrait.draw({ avatar: answer.avatar });
    say(ACCOUNT.pictureChanged);
  }

  return node;
}

function createThemeField() {
  const theme = choice(ACCOUNT.theme, 'theme', Object.entries(ACCOUNT.themes));
  theme.input.value = chosenTheme();
  theme.input.addEventListener('change', () =>
    chooseTheme(/** @type {Theme} */ (theme.input.value)),
  );
  return theme.node;
}

/** @param {Controller} controller @param {TellError} error */
function createPasswordForm(controller, error) {
  const old = field(ACCOUNT.currentPassword, {
    name: 'old-password',
    type: 'password',
    autocomplete: 'current-password',
  });
  const next = field(ACCOUNT.newPassword, {
    name: 'new-password',
    type: 'password',
    autocomplete: 'new-password',
  });

  async function change() {
    error('');
    const call = () => api.changePassword(old.input.value, next.input.value);
    const answer = await controller.asMe(call);
    if (!answer.ok) return error(answer.msg, next);
    old.input.value = '';
    next.input.value = '';
    say(ACCOUNT.passwordChanged);
  }

  return form(
    change,
    el('h3', {}, ACCOUNT.password),
    el('div', { class: 'pair' }, old.node, next.node),
    submitButton(ACCOUNT.changePassword),
  );
}

/** @returns {HTMLElement} */
function createNotifications() {
  const text = ACCOUNT.notifications[permission()];
  if (text) return el('p', { class: 'hint' }, text);
  const ask = action(ACCOUNT.allowNotifications, async () => {
    await Notification.requestPermission();
    ask.replaceWith(createNotifications());
  });
  return ask;
}
