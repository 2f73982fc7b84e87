// Starts the page: the controller, and one of two screens that show its state.

import { createController } from './controller.js';
import { createAuthView } from './view/auth.js';
import { createChatView } from './view/chat.js';
import { onNextPaint, setText } from './view/dom.js';
import { refuseFiles } from './view/files.js';
import { loadEarly } from './view/lazy.js';
import { createNotifier } from './view/notify.js';
import { applyTheme } from './view/theme.js';

/** @typedef {import('./state/initial.js').State} State */

const app = /** @type {HTMLElement} */ (document.getElementById('app'));
/** @typedef {{screen: string, node: HTMLElement, update: (state: State) => void}} View */
/** @type {(View & {end?: () => void})|null} */ let view = null;
/** @type {State|null} */ let latest = null;

/** The first chat is drawn with its messages, unless they take longer than this. */
const FIRST_MESSAGES_MS_MAX = 400;
const DIALOGS_AFTER_MS = 1_500;
const WORKER_AFTER_MS = 3_000;
let patient = true;
/** @type {ReturnType<typeof createChatView>|null} */ let made = null;

/** @param {State} state */
function isComing(state) {
  if (!patient || state.screen !== 'chat' || view !== null) return false;
  const room = state.rooms.get(state.current);
  return (
    room?.history !== 'ready' || room.past?.status === 'wanted' || room.past?.status === 'asked'
  );
}

const draw = onNextPaint(() => {
  const state = latest;
  if (!state) return;
  if (isComing(state)) {
    // The view is made while the messages are on their way, and shown with them.
    made ??= createChatView(controller);
    return;
  }
  if (state.screen === 'starting') {
    return setText(/** @type {Node} */ (app.querySelector('.boot')), state.notice);
  }
  if (view?.screen !== state.screen) {
    view?.end?.();
    if (state.screen === 'auth') made?.end();
    view =
      state.screen === 'auth' ? createAuthView(controller) : (made ?? createChatView(controller));
    made = null;
    app.replaceChildren(view.node);
    app.className = state.screen;
    app.removeAttribute('aria-busy');
  }
  view?.update(state);
});

const controller = createController({
  onChange(state) {
    latest = state;
    draw();
    notifier.update(state);
  },
  onMessage: (frame, state) => notifier.notify(frame, state),
});
const notifier = createNotifier(controller);

applyTheme();
refuseFiles();
controller.start();
setTimeout(() => {
  patient = false;
  if (latest) draw();
}, FIRST_MESSAGES_MS_MAX);
setTimeout(loadEarly, DIALOGS_AFTER_MS);
// Without a worker the page works too, but does not open without a server.
setTimeout(
  () => navigator.serviceWorker?.register('/static/sw.js', { scope: '/' }).catch(() => {}),
  WORKER_AFTER_MS,
);
