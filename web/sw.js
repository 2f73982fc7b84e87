// Opens the page without a network: keeps the page's files, and answers with them when the server
// does not. It keeps nothing but the page itself; `js/cache.js` keeps messages.

const PREFIX = 'page ';
const SERVER_MS_MAX = 3_000;

/** Every file that the index names. @param {string} html @returns {string[]} */
function filesOf(html) {
  return [...new Set([...html.matchAll(/"(\/static\/[^"]+)"/gu)].map((match) => match[1]))];
}

/** Caches the page as it is now, unless it is cached already, and removes the one before. */
async function keepPage() {
  const response = await fetch('/', { cache: 'no-cache' });
  if (!response.ok) return;
  const html = await response.clone().text();
  const name = PREFIX + (response.headers.get('ETag') ?? '');
  const known = await caches.has(name);
  const cache = await caches.open(name);
  if (!known) {
    try {
      await cache.addAll(filesOf(html));
    } catch (error) {
      await caches.delete(name);
      throw error;
    }
  }
  await cache.put('/', response);
  for (const other of await caches.keys()) {
    if (other.startsWith(PREFIX) && other !== name) await caches.delete(other);
  }
}

/** @param {Request} request */
async function openPage(request) {
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(SERVER_MS_MAX) });
    if (response.ok) return response;
    return (await caches.match('/')) ?? response;
  } catch {
    return (await caches.match('/')) ?? Response.error();
  }
}

const worker = /** @type {any} */ (self);
worker.addEventListener('install', (/** @type {any} */ event) =>
  event.waitUntil(keepPage().then(() => worker.skipWaiting())),
);
worker.addEventListener('activate', (/** @type {any} */ event) =>
  event.waitUntil(worker.clients.claim()),
);
worker.addEventListener('fetch', (/** @type {any} */ event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin) return;
  if (request.mode === 'navigate' && pathname === '/') {
    event.respondWith(openPage(request));
    event.waitUntil(keepPage().catch(() => {}));
  } else if (pathname.startsWith('/static/@')) {
    event.respondWith(caches.match(request).then((known) => known ?? fetch(request)));
  } else if (pathname.startsWith('/static/')) {
    event.respondWith(
      fetch(request).catch(async () => (await caches.match(request)) ?? Response.error()),
    );
  }
});

/**
 * Shows a notification, unless the user looks at one of the tabs or another tab has it shown.
 * @param {{title: string, options: any}} notification
 */
async function show({ title, options }) {
  const tabs = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (tabs.some((/** @type {any} */ tab) => tab.focused)) return;
  const open = await worker.registration.getNotifications({ tag: options.tag });
  if (open.some((/** @type {any} */ one) => one.data?.seq >= options.data.seq)) return;
  await worker.registration.showNotification(title, options);
}
/** One after the other, so that two tabs do not show the same message. */
let showing = Promise.resolve();
worker.addEventListener('message', (/** @type {any} */ event) => {
  if (!event.data?.show) return;
  showing = showing.then(() => show(event.data.show)).catch(() => {});
  event.waitUntil(showing);
});

/**
 * A press on a notification shows its message, in a tab that is open already where there is one.
 * @param {any} event
 */
async function openMessage({ notification }) {
  notification.close();
  const tabs = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const { room, seq } = notification.data;
  if (tabs.length === 0) return worker.clients.openWindow(`/#${room}/${seq}`);
  const tab = await tabs[0].focus();
  tab.postMessage({ jump: notification.data });
}
worker.addEventListener('notificationclick', (/** @type {any} */ event) =>
  event.waitUntil(openMessage(event)),
);
