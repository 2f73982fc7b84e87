// The page for people with a screen reader or without a mouse: axe-core on every view, and every
// action by keyboard.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import test from 'node:test';
import {
  dialogIsClosed,
  fieldHasFocus,
  isReady,
  openAs,
  openPage,
  say,
  shown,
  signUp,
  useTool,
} from './harness.js';
import { PASSWORD, startServer } from './programs.js';
import { browser } from './story.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** @typedef {import('playwright-core').Page} Page */

/** The violations that were found, by view. @type {Record<string, string[]>} */ let found = {};

/** @param {Page} page @param {string} view */
async function check(page, view) {
  await isStill(page);
  const violations = await page.evaluate(async () => {
    const { violations: all } = await /** @type {any} */ (window).axe.run(document, {
      resultTypes: ['violations'],
    });
    return all.map(
      (/** @type {any} */ one) =>
        `${one.id}: ${one.nodes
          .slice(0, 3)
          .map(
            (/** @type {any} */ node) =>
              `${node.html.slice(0, 160)} ${node.any[0]?.message ?? node.all[0]?.message ?? node.none[0]?.message ?? ''}`,
          )
          .join(' | ')}`,
    );
  });
  if (violations.length > 0) found[view] = violations;
}

/** Waits until nothing fades in or moves, but for what never ends. @param {Page} page */
const isStill = (page) =>
  page.waitForFunction(() =>
    document
      .getAnimations()
      .every(
        (one) => one.playState !== 'running' || one.effect?.getTiming().iterations === Infinity,
      ),
  );

/** @param {Page} page */
const key = (page) => (/** @type {string} */ keys) => page.keyboard.press(keys);

/**
 * Goes on by Tab until what has the focus is called so.
 * @param {Page} page
 * @param {RegExp} name
 * @param {string} [step]
 */
async function tabTo(page, name, step = 'Tab') {
  for (let turns = 0; turns < 80; turns += 1) {
    const called = await page.evaluate(() => {
      const at = /** @type {any} */ (document.activeElement);
      const heard = at?.cloneNode(true);
      for (const silent of heard?.querySelectorAll('[aria-hidden="true"]') ?? []) silent.remove();
      return (
        at?.getAttribute('aria-label') ?? at?.labels?.[0]?.textContent ?? heard?.textContent ?? ''
      );
    });
    if (name.test(called)) return;
    await page.keyboard.press(step);
  }
  assert.fail(`Tab leads to nothing that is called ${name}`);
}

const LOOKS = [
  { name: 'dark, wide', options: { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' } },
  {
    name: 'light, wide',
    options: { viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  },
  { name: 'dark, phone', options: { viewport: { width: 390, height: 844 }, colorScheme: 'dark' } },
  {
    name: 'light, phone',
    options: { viewport: { width: 390, height: 844 }, colorScheme: 'light' },
  },
];

for (const { name, options } of LOOKS) {
  test(`axe-core finds nothing: ${name}`, { timeout: 300_000 }, async () => {
    found = {};
    const server = await startServer();
    try {
      const { page: bob, context: bobs } = await openAs(browser, server.url, 'bob');
      const { page: ann, context } = await openPage(browser, server.url, options);
      await ann.evaluate(axe);
      await check(ann, 'log in');
      await ann.getByRole('tab', { name: 'Sign up' }).click();
      await ann.getByRole('button', { name: 'Create account' }).click();
      await check(ann, 'sign up, with an error');
      await signUp(ann, 'ann');
      await check(ann, 'an empty room');
      await say(
        bob,
        'Hello **all**, @ann: see https://a.example/ and `code` and ~~no~~\n```\na block\n```',
      );
      await say(bob, '🎉');
      await say(ann, 'Mine, with `code` and https://a.example/');
      await shown(bob, 'Mine, with code and https://a.example/');
      await useTool(bob, bob.locator('.message.mine').first(), 'React with 👍');
      await useTool(bob, bob.locator('.message.theirs').first(), 'Reply');
      await bob.getByText('Replying to').waitFor();
      await say(bob, 'An answer');
      await shown(ann, 'An answer');
      await ann.locator('.message.mine .text').first().click();
      await check(ann, 'a talk, with the toolbar');
      await ann.locator('#message').pressSequentially('@bo');
      await ann.getByRole('option').first().waitFor();
      await check(ann, 'a name is completed');
      await ann.locator('#message').fill('');
      await ann.keyboard.press('ArrowUp');
      await ann.getByText('Editing your message').waitFor();
      await check(ann, 'an edit');
      await ann.keyboard.press('Escape');
      await bob.locator('#message').pressSequentially('x');
      await ann.getByText('bob is typing').waitFor();
      await check(ann, 'someone writes');
      for (const drawer of ['menu', 'people']) {
        const opener = ann.locator(`.${drawer}-button`);
        if (!(await opener.isVisible())) continue;
        await opener.click();
        await check(ann, `the drawer ${drawer}`);
        await ann.keyboard.press('Escape');
      }
      await dialogs(ann);
      await ann.context().setOffline(true);
      await server.kill();
      await say(ann, 'Unsent');
      await ann.getByText(/Connection lost/u).waitFor();
      await check(ann, 'offline');
      assert.deepEqual(found, {});
      await Promise.all([context.close(), bobs.close()]);
    } finally {
      await server.stop();
    }
  });
}

/** @param {Page} ann */
async function dialogs(ann) {
  const within = async (/** @type {string} */ view, /** @type {() => Promise<void>} */ open) => {
    await open();
    await ann.getByRole('dialog').waitFor();
    await check(ann, view);
    await ann.keyboard.press('Escape');
    await dialogIsClosed(ann);
  };
  const drawer = async (/** @type {string} */ name) => {
    if (await ann.locator(`.${name}-button`).isVisible()) {
      await ann.locator(`.${name}-button`).click();
    }
  };
  await within('search', async () => {
    await ann.getByRole('button', { name: 'Search', exact: true }).click();
    await ann.getByLabel('Words').fill('hello');
    await ann.keyboard.press('Enter');
    await ann.locator('.result').first().waitFor();
  });
  await within('switcher', () => ann.keyboard.press('Control+k'));
  await within('keys', () => ann.keyboard.press('F1'));
  await within('about the room', () => ann.locator('.room-title h1 button').click());
  await within('emoji', () => ann.getByRole('button', { name: 'Add an emoji' }).click());
  await drawer('menu');
  await within('account', async () => {
    await ann.getByRole('button', { name: /^Your account/u }).click();
    await ann.getByText('this session').waitFor();
  });
  await within('rooms', async () => {
    await ann.getByRole('button', { name: 'Find or create a room' }).click();
    await ann.getByText('Create a room').click();
  });
  await ann.keyboard.press('Escape');
  await drawer('people');
  await within('person', () =>
    ann.locator('.people .person', { hasText: 'bob' }).getByRole('button').click(),
  );
  await ann.keyboard.press('Escape');
}

test('every action works by keyboard alone', { timeout: 300_000 }, async () => {
  const server = await startServer();
  try {
    const { page: bob } = await openAs(browser, server.url, 'bob');
    const { page: ann, faults } = await openPage(browser, server.url);
    const press = key(ann);
    const closeDialog = async () => {
      await press('Escape');
      await dialogIsClosed(ann);
    };
    const write = (/** @type {string} */ text) => ann.keyboard.type(text);
    // Signs up.
    await tabTo(ann, /^Sign in$/u, 'Shift+Tab');
    await press('ArrowRight');
    await tabTo(ann, /^Username$/u);
    await write('ann');
    await press('Tab');
    await write(PASSWORD);
    await press('Enter');
    await isReady(ann);
    await fieldHasFocus(ann);
    // Speaks, goes to a message, answers, changes, likes, deletes.
    await write('First');
    await press('Enter');
    await shown(bob, 'First');
    await say(bob, 'Second');
    await shown(ann, 'Second');
    const toMessages = async () => {
      await tabTo(ann, /^Messages in/u, 'Shift+Tab');
      await press('ArrowUp');
    };
    await toMessages();
    await press('r');
    await ann.getByText('Replying to bob').waitFor();
    await fieldHasFocus(ann);
    await write('A reply');
    await press('Enter');
    await bob.locator('.quote', { hasText: 'Second' }).waitFor();
    // Only what is stored can be edited.
    await shown(ann, 'A reply');
    await press('ArrowUp');
    await ann.getByText('Editing your message').waitFor();
    await write('!');
    await press('Enter');
    await shown(bob, 'A reply!');
    await toMessages();
    await press('ArrowUp');
    await press('+');
    await ann.getByRole('dialog').waitFor();
    await write('rocket');
    await press('Enter');
    await bob.locator('.chip', { hasText: '🚀 1' }).waitFor();
    await dialogIsClosed(ann);
    await toMessages();
    await press('Delete');
    await ann.getByRole('dialog').waitFor();
    await press('Enter');
    await bob.getByText('This message was deleted.').waitFor();
    await dialogIsClosed(ann);
    // Makes a room, goes back and forth, finds a message.
    await tabTo(ann, /^Find or create a room$/u, 'Shift+Tab');
    await press('Enter');
    await ann.getByRole('dialog').waitFor();
    await tabTo(ann, /^Create a room$/u);
    await press('Enter');
    await press('Tab');
    await write('rust');
    await press('Enter');
    await ann.locator('.room-head h1', { hasText: 'rust' }).waitFor();
    await dialogIsClosed(ann);
    await press('Alt+ArrowUp');
    await ann.locator('.room-head h1', { hasText: 'lobby' }).waitFor();
    const goTo = async (/** @type {string} */ letters) => {
      await press('Control+k');
      await ann.getByRole('dialog').waitFor();
      await write(letters);
      await press('Enter');
      await dialogIsClosed(ann);
    };
    await goTo('rus');
    await ann.locator('.room-head h1', { hasText: 'rust' }).waitFor();
    await press('Control+k');
    await ann.getByRole('dialog').waitFor();
    await write('second');
    await ann.getByText('Search for “second”').waitFor();
    await press('Enter');
    await ann.locator('.result').waitFor();
    await tabTo(ann, /Second/u);
    await press('Enter');
    await ann.locator('.message.target', { hasText: 'Second' }).waitFor();
    // Writes to a person, moderates, changes the topic, the name, and leaves.
    await tabTo(ann, /^bob/u);
    await press('Enter');
    await ann.getByRole('dialog').waitFor();
    await tabTo(ann, /^Message$/u);
    await press('Enter');
    await ann.locator('.room-head h1', { hasText: 'bob' }).waitFor();
    await dialogIsClosed(ann);
    await fieldHasFocus(ann);
    await write('Psst');
    await press('Enter');
    await bob.locator('.direct .badge').waitFor();
    await goTo('rust');
    await tabTo(ann, /^rust$/u, 'Shift+Tab');
    await press('Enter');
    await ann.getByRole('dialog').waitFor();
    await tabTo(ann, /^Topic$/u);
    await write('Crabs');
    await press('Enter');
    await ann.locator('.topic', { hasText: 'Crabs' }).waitFor();
    await closeDialog();
    await tabTo(ann, /^Your account/u, 'Shift+Tab');
    await press('Enter');
    await ann.getByRole('dialog').waitFor();
    await tabTo(ann, /^Display name$/u);
    await press('Control+a');
    await write('Ann A.');
    await press('Enter');
    await ann.locator('.account .name', { hasText: 'Ann A.' }).waitFor();
    await closeDialog();
    await tabTo(ann, /^Sign out$/u);
    await press('Enter');
    await ann.getByRole('tab', { name: 'Sign in' }).waitFor();
    assert.deepEqual(faults, []);
  } finally {
    await server.stop();
  }
});
