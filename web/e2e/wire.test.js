// The page's cost on the wire: bytes, and how many requests wait for each other.

import assert from 'node:assert/strict';
import test from 'node:test';
import { openAs, say, shown } from './harness.js';
import { startServer } from './programs.js';
import { browser } from './story.js';
import { until } from './wait.js';

const BYTES_MAX = 60 * 1024;
const DEPTH_MAX = 3;
const NO_WORKER = { serviceWorkers: 'block' };

/**
 * Notes every request of a page with its bytes and by what it was started, as Chromium tells it.
 * @param {import('playwright-core').Page} page
 */
async function watch(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.setBypassServiceWorker', { bypass: true });
  /** @type {Map<string, {url: string, by: string, bytes: number}>} */ const requests = new Map();
  session.on('Network.requestWillBeSent', ({ requestId, request, initiator }) => {
    const frames = initiator.stack?.callFrames ?? initiator.stack?.parent?.callFrames ?? [];
    requests.set(requestId, {
      url: request.url,
      by: initiator.url ?? frames[0]?.url ?? '',
      bytes: 0,
    });
  });
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const request = requests.get(requestId);
    if (request) request.bytes = encodedDataLength;
  });
  return {
    session,
    all: () => [...requests.values()],
    /** @param {string} url @returns {number} */
    depth(url) {
      const by = [...requests.values()].find((request) => request.url === url)?.by;
      return !by || by === url ? 1 : this.depth(by) + 1;
    },
  };
}

test(
  'the whole page, every dialog with it, is at most 60 KiB, headers among them, and no request waits for more than two others',
  { timeout: 300_000 },
  async () => {
    const server = await startServer();
    try {
      const { context, page } = await openAs(browser, server.url, 'ann', NO_WORKER);
      await say(page, 'hello');
      await shown(page, 'hello');
      const again = await context.newPage();
      const network = await watch(again);
      await network.session.send('Network.setCacheDisabled', { cacheDisabled: true });
      await again.goto(server.url);
      await shown(again, 'hello');
      // The dialogs are loaded last, once the page is quiet.
      await until(
        async () => network.all().some(({ url, bytes }) => url.endsWith('/more.js') && bytes > 0),
        'the dialogs are loaded',
      );
      await again.waitForLoadState('networkidle');
      const files = new Map();
      for (const { url, bytes } of network.all()) {
        if (
          new URL(url).origin === server.url &&
          (url.includes('/static/') || url === `${server.url}/`)
        ) {
          files.set(url, Math.max(bytes, files.get(url) ?? 0));
        }
      }
      const bytes = [...files.values()].reduce((sum, one) => sum + one, 0);
      console.log(
        `${files.size} files, ${bytes} bytes over the wire; ${network.all().length} requests`,
      );
      assert.ok(
        [...files.keys()].some((url) => url.endsWith('/more.js')),
        'the dialogs are counted',
      );
      assert.ok(
        [...files.values()].every((one) => one > 0),
        'the size of each is known',
      );
      assert.ok(bytes <= BYTES_MAX, `${bytes} bytes`);
      for (const { url } of network.all()) {
        assert.ok(network.depth(url) <= DEPTH_MAX, `${url} is ${network.depth(url)} deep`);
      }
      assert.ok(
        network.all().some(({ url }) => network.depth(url) === DEPTH_MAX),
        'depth is seen at all',
      );
    } finally {
      await server.stop();
    }
  },
);

test('a second visit asks only for the index again', { timeout: 300_000 }, async () => {
  const server = await startServer();
  try {
    const { context, page } = await openAs(browser, server.url, 'ann', NO_WORKER);
    await page.waitForFunction(() =>
      performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/more.js')),
    );
    const again = await context.newPage();
    const network = await watch(again);
    /** @type {string[]} */ const sent = [];
    network.session.on('Network.responseReceived', ({ response }) => {
      if (
        !response.fromDiskCache &&
        !response.fromPrefetchCache &&
        response.url.includes('/static/@')
      ) {
        sent.push(response.url);
      }
    });
    await again.goto(server.url);
    await again.locator('.chat-page').waitFor();
    const kept = sent.filter(
      (url) => !network.all().some((request) => request.url === url && request.bytes === 0),
    );
    assert.deepEqual(kept, []);
  } finally {
    await server.stop();
  }
});
