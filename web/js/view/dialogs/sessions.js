// Where one is logged in, and a way to end each.

import * as api from '../../net/api.js';
import { momentOf } from '../clock.js';
import { el } from '../dom.js';
import { action } from './dialog.js';

/** A session that ends later than this lasts until it is revoked. */
const FOR_GOOD_MS = 2 ** 53 - 1;

export function createSessions() {
  const list = el('ul', { class: 'directory' }, el('li', {}, 'Loading…'));
  load();
  return el('section', { class: 'sessions' }, el('h3', {}, 'Where you are logged in'), list);

  async function load() {
    const answer = await api.sessions();
    if (!answer.ok) return list.replaceChildren(el('li', { role: 'alert' }, answer.msg));
    list.replaceChildren(...answer.sessions.map(toItem));
  }

  /** @param {import('../../wire.js').SessionInfo} session */
  function toItem({ id, created, expires, current }) {
    const until =
      expires >= FOR_GOOD_MS
        ? 'until it is ended'
        : `until ${momentOf(expires)}, unless it is used`;
    const end = action('End', async () => {
      const answer = await api.endSession(id);
      if (answer.ok) load();
      else end.replaceWith(el('span', { role: 'alert' }, answer.msg));
    });
    return el(
      'li',
      {},
      el(
        'span',
        { class: 'grow' },
        el('span', { class: 'name' }, `Since ${momentOf(created)}`),
        el('span', { class: 'hint' }, current ? 'this one' : until),
      ),
      !current && end,
    );
  }
}
