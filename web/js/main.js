// Starts the page: the session below, one of two screens above.

import { createController } from './controller.js';
import { createAuthView } from './view/auth.js';
import { createChatView } from './view/chat.js';
import { onNextPaint, setText } from './view/dom.js';
import { createNotifier } from './view/notify.js';
import { applyTheme } from './view/theme.js';

const app = /** @type {HTMLElement} */ (document.getElementById('app'));
/**
 * @type {{screen: string, node: HTMLElement, update: (state: any) => void, end?: () => void}|null}
 */
let view = null;
/** @type {any} */ let latest = null;

/** The first chat is drawn with its messages, unless they take longer than this. */
const FIRST_MESSAGES_MS_MAX = 400;
const WORKER_AFTER_MS = 3_000;
let patient = true;
/** @type {ReturnType<typeof createChatView>|null} */ let made = null;

/** @param {import('./state/initial.js').State} state */
function isComing(state) {
  if (!patient || state.screen !== 'chat' || view !== null) return false;
  const room = state.rooms.get(state.current);
  return (
    room?.history !== 'ready' || room.past?.status === 'wanted' || room.past?.status === 'asked'
  );
}

const draw = onNextPaint(() => {
  const state = latest;
  if (isComing(state)) {
    // Made while the messages are on their way, and shown with them.
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
controller.start();
setTimeout(() => {
  patient = false;
  if (latest) draw();
}, FIRST_MESSAGES_MS_MAX);
// Where it is not allowed, the page works as well, but for opening without a server.
setTimeout(
  () => navigator.serviceWorker?.register('/static/sw.js', { scope: '/' }).catch(() => {}),
  WORKER_AFTER_MS,
);
