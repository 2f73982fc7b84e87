// Where the user is signed in, and a way to end each session.

import { SESSIONS } from '../../messages.js';
import * as api from '../../net/api.js';
import { momentOf } from '../clock.js';
import { el } from '../dom.js';
import { action } from './dialog.js';

/** A session that expires at this time or later lasts until it is ended. */
const NEVER_EXPIRES = 2 ** 53 - 1;
/** A session ends this long after it was last used. */
const LIFETIME_MS = 30 * 24 * 60 * 60_000;

/** @param {import('../../controller.js').Controller} controller */
export function createSessions(controller) {
  const list = el('ul', { class: 'directory' }, el('li', {}, SESSIONS.loading));
  load();
  return el('section', { class: 'sessions' }, el('h3', {}, SESSIONS.title), list);

  async function load() {
    const answer = await controller.asMe(api.sessions);
    if (!answer.ok) return list.replaceChildren(el('li', { role: 'alert' }, answer.msg));
    list.replaceChildren(...answer.sessions.map(toItem));
  }

  /** @param {import('../../wire.js').SessionInfo} session */
  function toItem({ id, created, expires, current }) {
    const used = SESSIONS.used(momentOf(expires - LIFETIME_MS));
    const about = expires >= NEVER_EXPIRES ? SESSIONS.untilEnded : used;
    const end = action(SESSIONS.end, async () => {
      const answer = await controller.asMe(() => api.endSession(id));
      if (answer.ok) load();
      else end.replaceWith(el('span', { role: 'alert' }, answer.msg));
    });
    const since = el('span', { class: 'name' }, SESSIONS.since(momentOf(created)));
    const hint = el('span', { class: 'hint' }, current ? SESSIONS.current : about);
    return el('li', {}, el('span', { class: 'grow' }, since, hint), !current && end);
  }
}
