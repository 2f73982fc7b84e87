// The page without a server: it opens, shows what it knew, and takes what is written.

import assert from 'node:assert/strict';
import test from 'node:test';
import { dialogIsClosed, openPage, say, shown, showsTexts, signUp } from './harness.js';
import { startServer } from './programs.js';
import { browser } from './story.js';

test(
  'it opens without a network, shows what is known, and sends what was written there',
  { timeout: 300_000 },
  async () => {
    const server = await startServer();
    try {
      const { context, page, faults } = await openPage(browser, server.url);
      await signUp(page, 'ann');
      await say(page, 'known');
      await shown(page, 'known');
      await page.evaluate(() => navigator.serviceWorker.ready);
      await page.waitForFunction(
        async () =>
          (await caches.keys()).length > 0 &&
          (await (await caches.open((await caches.keys())[0])).keys()).length >= 5,
      );
      await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
      // Written down when the page is left.
      await page.goto('about:blank');
      await server.kill();
      await context.setOffline(true);
      await page.goto(server.url);
      await shown(page, 'known');
      await page.getByText(/Connection lost|Connecting/u).waitFor();
      await page.locator('.room-title h1 button').click();
      await page.getByRole('dialog').waitFor();
      await page.keyboard.press('Escape');
      await dialogIsClosed(page);
      await say(page, 'written offline');
      await page.locator('.message.waiting', { hasText: 'written offline' }).waitFor();
      await server.restart();
      await context.setOffline(false);
      await shown(page, 'written offline');
      await showsTexts(page, ['known', 'written offline']);
      await page.reload();
      await shown(page, 'written offline');
      await showsTexts(page, ['known', 'written offline']);
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('tab', { name: 'Sign in' }).waitFor();
      const left = await page.evaluate(() =>
        JSON.stringify([{ ...localStorage }, { ...sessionStorage }]),
      );
      assert.doesNotMatch(left, /known|written/u, 'a sign-out leaves nothing');
      await context.close();
      assert.deepEqual(faults, []);
    } finally {
      await server.stop();
    }
  },
);
