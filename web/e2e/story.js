// A story: a test with a server of its own and people who have just signed up. All stories of a
// file share one browser, in which each person has a profile of their own.

import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { openAs } from './harness.js';
import { startBrowser, startServer } from './programs.js';

const STORY_MS_MAX = 300_000;
/** Tests write faster than people. */
const UNLIMITED = ['--rate-limit', 'off'];

/** @typedef {Awaited<ReturnType<typeof startServer>>} Server */
/**
 * The server, the page of each person by name, and what the browser complained of.
 * @typedef {{server: Server, faults: Record<string, string[]>} & Record<string, any>} Cast
 */

/** The browser of this file. */
export const browser = await startBrowser();
after(() => browser.close());

/**
 * Runs a story. Any complaint of the browser fails it.
 * @param {string} name
 * @param {string[]} people
 * @param {(cast: Cast) => Promise<void>} run
 * @param {{flags?: string[], profile?: any, timeout?: number}} [options] flags of the server, and
 *   options of each browser profile
 */
export function story(
  name,
  people,
  run,
  { flags = UNLIMITED, profile, timeout = STORY_MS_MAX } = {},
) {
  test(name, { timeout }, async () => {
    const server = await startServer(flags);
    /** @type {Record<string, any>} */ const pages = {};
    /** @type {Record<string, string[]>} */ const faults = {};
    /** @type {import('playwright-core').BrowserContext[]} */ const contexts = [];
    try {
      for (const person of people) {
        const opened = await openAs(browser, server.url, person, profile);
        contexts.push(opened.context);
        pages[person] = opened.page;
        faults[person] = opened.faults;
      }
      await run({ server, faults, ...pages });
      assert.deepEqual(Object.values(faults).flat(), []);
    } finally {
      await Promise.all(contexts.map((context) => context.close()));
      await server.stop();
    }
  });
}
