// The line that says how the connection is, and the one that says what went wrong.

import { STATUS } from '../messages.js';
import { button, el, setText } from './dom.js';

/** A break in the connection that is shorter than this is not shown. */
const PATIENCE_MS = 700;

/** @param {import('../controller.js').Controller} controller */
export function createStatus(controller) {
  const text = el('span', {});
  const action = button('link', act);
  const link = el(
    'div',
    { class: 'status', role: 'status', hidden: true },
    el('span', { class: 'pulse', 'aria-hidden': 'true' }),
    text,
    action,
  );
  const noticeText = el('span', {});
  const notice = el(
    'div',
    { class: 'status notice', role: 'alert', hidden: true },
    noticeText,
    button('link', () => controller.intend('notice'), STATUS.dismiss),
  );
  /** @type {import('../state/initial.js').Link} */ let now = { status: 'live' };
  let since = 0;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ let timer;

  function act() {
    if (now.status === 'stopped') location.reload();
    else controller.hurry();
  }

  function draw() {
    clearTimeout(timer);
    const quiet =
      now.status === 'live' || (now.status !== 'stopped' && Date.now() - since < PATIENCE_MS);
    link.hidden = quiet;
    link.classList.toggle('stopped', now.status === 'stopped');
    if (now.status !== 'live') timer = setTimeout(draw, quiet ? PATIENCE_MS : 1000);
    if (quiet) return;
    action.hidden = now.status === 'connecting';
    setText(action, now.status === 'stopped' ? STATUS.reload : STATUS.tryNow);
    const seconds = Math.max(1, Math.ceil(((now.retryAt ?? 0) - Date.now()) / 1000));
    setText(
      text,
      now.status === 'stopped'
        ? (now.message ?? '')
        : now.status === 'connecting'
          ? STATUS.connecting
          : STATUS.lost(seconds),
    );
  }

  return {
    nodes: [link, notice],
    /** @param {import('../state/initial.js').State} state */
    update(state) {
      notice.hidden = !state.notice;
      setText(noticeText, state.notice);
      if (state.link === now) return;
      if (now.status === 'live') since = Date.now();
      now = state.link;
      draw();
    },
    end: () => clearTimeout(timer),
  };
}
