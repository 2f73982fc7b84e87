// The main job: two people in Chromium, one in the terminal client and a bot, in one room of one
// server.

import assert from 'node:assert/strict';
import test from 'node:test';
import { isReady, signIn, openPage, say, shown, signUp } from './harness.js';
import { startBrowser, startEchoBot, startServer } from './programs.js';
import { linesOnScreen, startTerminal } from './terminal.js';

const AGREED_MS_MAX = 45_000;
/** Long enough for a message that comes twice to be seen twice. */
const QUIET_MS = 700;

/**
 * The messages on a page as `name: text`; one that is not stored says so.
 * @param {import('playwright-core').Page} page
 * @param {string} me
 * @returns {Promise<string[]>}
 */
function linesOnPage(page, me) {
  return page.locator('.message').evaluateAll(
    (rows, own) =>
      rows.map((row) => {
        const name = row.classList.contains('mine')
          ? own
          : row.querySelector('.byline .name')?.textContent;
        const unstored = row.matches('.waiting, .failed') ? ' (not stored)' : '';
        return `${name}: ${row.querySelector('.text')?.textContent}${unstored}`;
      }),
    me,
  );
}

/**
 * The lobby's log from its first event, read over a socket of the page's session.
 * @param {import('playwright-core').Page} page
 * @returns {Promise<any[]>}
 */
function logOf(page) {
  return page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://${location.host}/ws`);
        /** @type {any[]} */ const events = [];
        const ask = () =>
          socket.send(
            JSON.stringify({
              type: 'events',
              id: 'log',
              room: 'lobby',
              after: events.at(-1)?.seq ?? 0,
              limit: 500,
            }),
          );
        socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', version: 1 }));
        socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
        socket.onmessage = ({ data }) => {
          const frame = JSON.parse(data);
          if (frame.type === 'welcome') return ask();
          if (frame.re !== 'log') return;
          if (frame.type === 'error') return reject(new Error(data));
          events.push(...frame.events);
          if (frame.more) return ask();
          resolve(events);
          socket.close();
        };
      }),
  );
}

/** @param {any[]} log */
const messagesOf = (log) => log.filter((event) => event.type === 'chat');
/** @param {any[]} log */
const linesOf = (log) => messagesOf(log).map((event) => `${event.username}: ${event.message}`);

/**
 * Waits until `read` gives what is expected, and is sure that it stays so.
 * @param {string} who
 * @param {() => Promise<string[]>} read
 * @param {string[]} expected
 */
async function agrees(who, read, expected) {
  const until = Date.now() + AGREED_MS_MAX;
  while (
    JSON.stringify(await read().catch(() => null)) !== JSON.stringify(expected) &&
    Date.now() < until
  ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  assert.deepEqual(await read(), expected, `what ${who} shows is the log`);
}

test(
  'two in a browser, one in a terminal and a bot see the same, also across a kill',
  { timeout: 300_000 },
  async () => {
    /**
     * The messages of each person, in the order they said them.
     * @type {Record<string, string[]>}
     */
    const said = { ann: [], bob: [], cleo: [] };
    /** @type {(() => Promise<unknown>)[]} */ const endings = [];
    const opened = (/** @type {any} */ thing, /** @type {() => Promise<unknown>} */ end) => {
      endings.unshift(end);
      return thing;
    };
    try {
      const server = await startServer();
      opened(server, server.stop);
      const browser = await startBrowser();
      opened(browser, () => browser.close());
      const { page: ann, faults: annFaults } = await openPage(browser, server.url);
      const { page: bob, faults: bobFaults } = await openPage(browser, server.url);
      const bot = startEchoBot(server.url, 'echo');
      opened(bot, bot.stop);
      const cleo = await startTerminal(server.url);
      opened(cleo, cleo.stop);

      const speak = {
        ann: (/** @type {string} */ text) => say(ann, text),
        bob: (/** @type {string} */ text) => say(bob, text),
        cleo: (/** @type {string} */ text) => cleo.say(text),
      };
      const says = async (/** @type {'ann'|'bob'|'cleo'} */ who, /** @type {string} */ text) => {
        said[who].push(text);
        await speak[who](text);
      };

      /** Everything that was said is in the log once, in order, and all four show that log. */
      async function allAgree() {
        const people = Object.entries(said);
        const count = people.reduce((sum, [, texts]) => sum + texts.length, 0);
        const until = Date.now() + AGREED_MS_MAX;
        let log = await logOf(ann);
        while (messagesOf(log).length < 2 * count && Date.now() < until) {
          await new Promise((resolve) => setTimeout(resolve, 200));
          log = await logOf(ann);
        }
        assert.deepEqual(
          log.map((event) => event.seq),
          log.map((_, at) => at + 1),
          'numbered without a hole',
        );
        const textsOf = (/** @type {string} */ name) =>
          messagesOf(log)
            .filter((event) => event.username === name)
            .map((event) => event.message);
        for (const [name, texts] of people) {
          assert.deepEqual(textsOf(name), texts, `${name}'s messages, in order, once`);
        }
        // The bot answers each message as it receives it, so its answers are what it received.
        const received = messagesOf(log)
          .filter((event) => event.username !== 'echo')
          .map((event) => `echo: ${event.message}`);
        assert.deepEqual(textsOf('echo'), received, `what the bot received; it told: ${bot.log()}`);
        assert.ok(
          messagesOf(log).every((event) => Boolean(event.bot) === (event.username === 'echo')),
          'the bot is marked as one',
        );

        const lines = linesOf(log);
        await agrees('the page of ann', () => linesOnPage(ann, 'ann'), lines);
        await agrees('the page of bob', () => linesOnPage(bob, 'bob'), lines);
        await agrees('the terminal', async () => linesOnScreen(await cleo.screen()), lines);
        assert.deepEqual(linesOf(await logOf(ann)), lines, 'and nothing came to the log meanwhile');
        return log;
      }

      await signUp(ann, 'ann');
      await signUp(bob, 'bob');
      await bob.getByRole('button', { name: 'Sign out' }).click();
      await signIn(bob, 'bob');
      await isReady(bob);
      await cleo.signUp('cleo');
      for (const name of ['ann', 'bob', 'cleo', 'echo']) {
        await ann.locator('.people-lists .online .person', { hasText: name }).waitFor();
      }

      await says('ann', 'Hello from the page');
      await shown(bob, 'Hello from the page');
      await says('cleo', 'Hello from the terminal ✓');
      await shown(ann, 'Hello from the terminal ✓');
      await says(
        'bob',
        'A longer one, so that it takes more than one row of the terminal and is still one message of the room for the four of us.',
      );
      await allAgree();
      await bob.reload();
      const before = await allAgree();

      // Killed in the middle of talk; what is typed meanwhile waits at its client.
      await Promise.all([says('ann', 'one'), says('cleo', 'two'), says('bob', 'three')]);
      await says('ann', 'four');
      await server.kill();
      await cleo.see('reconnecting');
      await says('bob', 'typed while it was down');
      await says('cleo', 'here too');
      await cleo.see('cleo: here too …');
      await bob.locator('.message.waiting', { hasText: 'typed while it was down' }).waitFor();
      await server.restart();

      await cleo.see('connected');
      await ann.locator('.status').first().waitFor({ state: 'hidden', timeout: AGREED_MS_MAX });
      await says('ann', 'and on');
      const after = await allAgree();
      assert.deepEqual(
        after.slice(0, before.length),
        before,
        'the log as it was, number by number',
      );
      assert.ok(bot.runs(), 'the bot came back by itself');

      const { page: again, faults } = await openPage(browser, server.url);
      await signIn(again, 'bob');
      await agrees('a new page of bob', () => linesOnPage(again, 'bob'), linesOf(after));
      assert.deepEqual([...annFaults, ...bobFaults, ...faults], []);
    } finally {
      for (const end of endings) await end();
    }
  },
);
