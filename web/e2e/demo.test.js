// A page that behaves as the old demo's did, served by --web-dir: it works, and nothing that the
// server sends can harm it.

import assert from 'node:assert/strict';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openPage } from './harness.js';
import { PASSWORD, startServer } from './programs.js';
import { browser } from './story.js';
import { becomes } from './wait.js';

const demoPage = path.join(path.dirname(fileURLToPath(import.meta.url)), 'demo-page');
/** Longer than the grace before somebody's leaving is announced, with room for a slow machine. */
const LEFT_MS_MAX = 45_000;

/** @type {Awaited<ReturnType<typeof startServer>>} */ let server;
/** @type {Awaited<ReturnType<typeof openPage>>} */ let ann, bob;

before(async () => {
  server = await startServer(['--web-dir', demoPage]);
  ann = await enter('ann');
  bob = await enter('bob');
});
after(() => server?.stop());

/** @param {string} name */
async function enter(name) {
  const opened = await openPage(browser, server.url);
  const { page } = opened;
  await page.getByLabel('Username').fill(name);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Register' }).click();
  await page.getByText('Account created').waitFor();
  await page.getByRole('button', { name: 'Login' }).click();
  await page.locator('#chat').waitFor();
  await box(page, 'system', `${name} joined the chat`).waitFor();
  return opened;
}

/** A box whose whole text is this. @param {any} page @param {string} type @param {string} text */
function box(page, type, text) {
  return page
    .locator(`.box.${type}`)
    .and(page.getByText(text, { exact: true }))
    .first();
}

/** @param {any} page @param {string} text */
async function say(page, text) {
  await page.getByLabel('Message').fill(text);
  await page.getByLabel('Message').press('Enter');
}

/** @param {any} page @param {string} text the chat line, "name: message" */
async function sees(page, text) {
  await page.waitForFunction(
    (wanted) =>
      [...document.querySelectorAll('.box.chat')].some((one) => one.textContent === wanted),
    text,
  );
}

/** @param {any} page */
const boxes = (page) => page.locator('.box').allTextContents();

test('both talk, by Enter and by the button', async () => {
  await say(ann.page, 'hello by Enter');
  await sees(bob.page, 'ann: hello by Enter');
  await sees(ann.page, 'ann: hello by Enter');
  await bob.page.getByLabel('Message').fill('hello by button');
  await bob.page.getByRole('button', { name: 'Send' }).click();
  await sees(ann.page, 'bob: hello by button');
  assert.equal(await ann.page.locator('.box.chat b', { hasText: /^bob$/ }).count(), 1);
});

test('joining and leaving are announced', async () => {
  await box(ann.page, 'system', 'bob joined the chat').waitFor();
  const cat = await enter('cat');
  await box(ann.page, 'system', 'cat joined the chat').waitFor();
  await cat.context.close();
  for (const { page } of [ann, bob]) {
    await box(page, 'system', 'cat left the chat').waitFor({ timeout: LEFT_MS_MAX });
  }
});

test('markup in messages shows as text and runs nothing', async () => {
  const url = bob.page.url();
  let navigated = false;
  bob.page.on('framenavigated', () => {
    navigated = true;
  });
  const hostile = [
    '<img src=x onerror="alert(1)">',
    '<meta http-equiv="refresh" content="0;url=/elsewhere">',
    '<form action="/logout" method="post"><button>win</button></form>',
    '<script>alert(2)</script>',
    '<b>bold</b> &amp; &lt;i&gt; \' "',
  ];
  for (const text of hostile) {
    await say(ann.page, text);
    await sees(bob.page, `ann: ${text}`);
    await sees(ann.page, `ann: ${text}`);
  }
  for (const { page } of [ann, bob]) {
    assert.equal(
      await page.locator('#messages :is(img, meta, form, script, button, i)').count(),
      0,
    );
    assert.equal(
      await page.locator('#messages b').count(),
      await page.locator('.box.chat').count(),
      'no bold but the names',
    );
  }
  assert.equal(bob.page.url(), url);
  assert.equal(navigated, false);
});

test('a refused message is explained to its sender alone', async () => {
  const others = await boxes(bob.page);
  for (const text of ['x'.repeat(4001), '', '   ']) {
    const before = await ann.page.locator('.box.system').count();
    await say(ann.page, text);
    await ann.page.waitForFunction(
      (count) => document.querySelectorAll('.box.system').length > count,
      before,
    );
    assert.match(
      (await ann.page.locator('.box.system').last().textContent()) ?? '',
      /\w+ \w+/,
      'a sentence',
    );
  }
  await say(ann.page, 'still here');
  await becomes(() => boxes(bob.page), [...others, 'ann: still here']);
});

test('a name without a sign-in is refused with 4401, and nothing it said is shown', async () => {
  const stranger = await openPage(browser, server.url);
  const code = await stranger.page.evaluate(
    () =>
      new Promise((resolve) => {
        const socket = new WebSocket(`ws://${location.host}/ws`);
        socket.onopen = () => {
          socket.send(JSON.stringify({ username: 'ann' }));
          socket.send(JSON.stringify({ username: 'ann', message: 'I am not ann' }));
        };
        socket.onclose = (event) => resolve(event.code);
        setTimeout(() => resolve('still open'), 30_000);
      }),
  );
  assert.equal(code, 4401);
  await say(bob.page, 'after the stranger');
  await sees(ann.page, 'bob: after the stranger');
  for (const { page } of [ann, bob]) {
    assert.ok(!(await boxes(page)).some((text) => text.includes('I am not ann')));
  }
  await stranger.context.close();
});

test('a session speaks in its own name only', async () => {
  const code = await bob.page.evaluate(
    () =>
      new Promise((resolve) => {
        const socket = new WebSocket(`ws://${location.host}/ws`);
        socket.onopen = () => {
          socket.send(JSON.stringify({ username: 'ann' }));
          socket.send(JSON.stringify({ username: 'ann', message: 'bob as ann' }));
        };
        socket.onclose = (event) => resolve(event.code);
        setTimeout(() => resolve('still open'), 30_000);
      }),
  );
  assert.equal(code, 4401);
  assert.ok(!(await boxes(ann.page)).some((text) => text.includes('bob as ann')));
});

test('no empty box ever appeared, no dialog, no broken policy', async () => {
  for (const { page, faults } of [ann, bob]) {
    assert.ok(
      (await boxes(page)).every((text) => text.trim() !== ''),
      JSON.stringify(await boxes(page)),
    );
    assert.equal(await page.locator('.box:not(.chat):not(.system)').count(), 0);
    assert.deepEqual(faults, []);
  }
});
