// Notifications through the service worker: which are shown, which are taken back, and what a press
// on one does.

import { give, openTab, say } from './harness.js';
import { story } from './story.js';
import { becomes, until } from './wait.js';

/** @typedef {import('playwright-core').Page} Page */

const PERMITTED = { profile: { permissions: ['notifications'] } };

/** The user looks elsewhere, as the page sees it. @param {Page} page */
const lookAway = (page) =>
  page.evaluate(() => {
    document.hasFocus = () => false;
    dispatchEvent(new Event('blur'));
  });

/** The user looks at the page again. @param {Page} page */
const lookBack = (page) =>
  page.evaluate(() => {
    document.hasFocus = () => true;
    dispatchEvent(new Event('focus'));
  });

/**
 * Waits for the worker. In it no tab has the focus, which the browser of a test gives to all tabs,
 * unless `focusedTabs` is set.
 * @param {Page} page
 */
async function workerOf(page) {
  await page.evaluate(async () => {
    await navigator.serviceWorker.register('/static/sw.js', { scope: '/' });
    await navigator.serviceWorker.ready;
  });
  const workers = () => page.context().serviceWorkers();
  await until(async () => workers().length > 0, 'the worker is there');
  const [worker] = workers();
  await worker.evaluate(() => {
    const scope = /** @type {any} */ (globalThis);
    scope.focusedTabs = 0;
    scope.looks = 0;
    const { get } = Object.getOwnPropertyDescriptor(scope.WindowClient.prototype, 'focused') ?? {};
    Object.defineProperty(scope.WindowClient.prototype, 'focused', {
      get() {
        scope.looks += 1;
        return scope.focusedTabs > 0 && get?.call(this);
      },
    });
    scope.WindowClient.prototype.focus = async function focus() {
      return this;
    };
    scope.rung = [];
    const { prototype } = scope.ServiceWorkerRegistration;
    const { showNotification } = prototype;
    prototype.showNotification = function ring(
      /** @type {string} */ title,
      /** @type {any} */ options,
    ) {
      scope.rung.push(options.body);
      return showNotification.call(this, title, options);
    };
  });
  return worker;
}

/** The notifications on the screen, as their titles and texts. @param {Page} page */
const notificationsOf = (page) =>
  page.evaluate(async () => {
    const worker = await navigator.serviceWorker.ready;
    const open = await worker.getNotifications();
    return open.map(({ title, body }) => `${title}: ${body}`);
  });

/** @param {Page} page @param {string[]} expected */
const notifies = (page, ...expected) => becomes(() => notificationsOf(page), expected);

story(
  'a room has one notification, which rings again for each message',
  ['ann', 'bob'],
  async ({ ann, bob }) => {
    await workerOf(ann);
    await lookAway(ann);
    await say(bob, 'nothing for her');
    await say(bob, '@ann, the first');
    await notifies(ann, 'bob in lobby: @ann, the first');
    await say(bob, '@ann, the second');
    await notifies(ann, 'bob in lobby: @ann, the second');
    const renotifies = await ann.evaluate(async () => {
      const worker = await navigator.serviceWorker.ready;
      const open = /** @type {any[]} */ (await worker.getNotifications());
      return open.map(({ renotify, tag }) => [renotify, tag]);
    });
    await becomes(async () => renotifies, [[true, 'chat lobby']]);
  },
  PERMITTED,
);

story(
  'a notification goes when its message is read or deleted, here or elsewhere',
  ['ann', 'bob'],
  async ({ ann, bob }) => {
    await workerOf(ann);
    await lookAway(ann);
    await say(bob, '@ann, read elsewhere');
    await notifies(ann, 'bob in lobby: @ann, read elsewhere');
    await give(ann, [{ type: 'read', room: 'lobby', seq: await seqOf(bob, 'read elsewhere') }]);
    await notifies(ann);
    await say(bob, '@ann, deleted');
    await notifies(ann, 'bob in lobby: @ann, deleted');
    const seq = await seqOf(bob, 'deleted');
    await give(bob, [{ type: 'delete', room: 'lobby', seq, nonce: 'd' }]);
    await notifies(ann);
    await say(bob, '@ann, read here');
    await notifies(ann, 'bob in lobby: @ann, read here');
    await lookBack(ann);
    await notifies(ann);
  },
  PERMITTED,
);

story(
  'a hidden tab is silent while another tab has the focus',
  ['ann', 'bob'],
  async ({ server, ann, bob }) => {
    const worker = await workerOf(ann);
    const other = await openTab(ann, server.url);
    await worker.evaluate(() => {
      /** @type {any} */ (globalThis).focusedTabs = 1;
    });
    await lookAway(ann);
    await say(bob, '@ann, seen at once');
    await other.locator('.message', { hasText: 'seen at once' }).waitFor();
    // The tab behind asks the worker in its own time, and the worker looks for a focused tab.
    const looks = () => worker.evaluate(() => /** @type {any} */ (globalThis).looks);
    await until(async () => (await looks()) > 0, 'the worker was asked');
    await worker.evaluate(() => {
      /** @type {any} */ (globalThis).focusedTabs = 0;
    });
    await lookAway(other);
    await say(bob, '@ann, seen by nobody');
    await notifies(ann, 'bob in lobby: @ann, seen by nobody');
    // The worker took the first message before the second, and each tab's request after the other.
    const rung = () => worker.evaluate(() => /** @type {any} */ (globalThis).rung);
    await becomes(rung, ['@ann, seen by nobody']);
  },
  PERMITTED,
);

story(
  'a press on a notification opens its message, in an open tab or a new one',
  ['ann', 'bob'],
  async ({ ann, bob }) => {
    const worker = await workerOf(ann);
    await give(bob, [{ type: 'create', room: 'rust', nonce: 'c' }]);
    await give(bob, [{ type: 'invite', room: 'rust', username: 'ann', nonce: 'i' }]);
    await ann.locator('[data-room="rust"]').waitFor();
    await lookAway(ann);
    await bob.locator('[data-room="rust"]').click();
    await bob.locator('.room-head h1', { hasText: 'rust' }).waitFor();
    await say(bob, '@ann, over here');
    await notifies(ann, 'bob in rust: @ann, over here');
    const press = () =>
      worker.evaluate(async () => {
        const scope = /** @type {any} */ (globalThis);
        const [notification] = await scope.registration.getNotifications();
        scope.dispatchEvent(new scope.NotificationEvent('notificationclick', { notification }));
      });
    // A message stands out for two seconds and a half, so the wait begins before.
    const target = () => ann.locator('.message.target', { hasText: '@ann, over here' }).waitFor();
    await Promise.all([target(), press()]);
    await ann.locator('.room-head h1', { hasText: 'rust' }).waitFor();
    await notifies(ann);
    // Without a tab the worker opens the page at the message.
    const seq = await seqOf(bob, 'over here');
    await ann.locator('[data-room="lobby"]').click();
    await ann.locator('.room-head h1', { hasText: 'lobby' }).waitFor();
    await ann.goto('about:blank');
    const address = `${new URL(bob.url()).origin}/#rust/${seq}`;
    await Promise.all([target(), ann.goto(address)]);
    await ann.locator('.room-head h1', { hasText: 'rust' }).waitFor();
    await becomes(async () => new URL(ann.url()).hash, '');
  },
  PERMITTED,
);

/**
 * The number of a message, which it has once it is stored.
 * @param {Page} page
 * @param {string} text
 */
async function seqOf(page, text) {
  const row = page.locator('.message[data-seq]', { hasText: text });
  return Number(await row.getAttribute('data-seq'));
}
