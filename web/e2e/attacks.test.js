// Nothing that people write is run by the page: not from messages, names, topics or pictures.

import assert from 'node:assert/strict';
import { attacks } from './attacks.js';
import { dialogIsClosed, give, isReady, textsOf } from './harness.js';
import { story } from './story.js';
import { until } from './wait.js';

/** @typedef {import('playwright-core').Page} Page */

/**
 * Notes what must not happen.
 * @param {Page} page
 * @param {string} origin
 * @param {string[]} faults
 */
async function guard(page, origin, faults) {
  page.on('request', (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith('blob:')) {
      faults.push(`request: ${request.url()}`);
    }
  });
  page.on('popup', (popup) => faults.push(`popup: ${popup.url()}`));
  page.on('framenavigated', (frame) => {
    if (frame.url() !== `${origin}/`) faults.push(`went to ${frame.url()}`);
  });
  await page.evaluate(() => {
    /** @type {any} */ (window).reports = [];
    document.addEventListener('securitypolicyviolation', (event) =>
      /** @type {any} */ (window).reports.push(`${event.violatedDirective} ${event.blockedURI}`),
    );
  });
}

/** @param {Page} page */
async function nothingRan(page) {
  const found = await page.evaluate(() => ({
    hit: /** @type {any} */ (window).hit,
    reports: /** @type {any} */ (window).reports,
    links: [...document.querySelectorAll('a[href]')]
      .map((link) => /** @type {HTMLAnchorElement} */ (link).href)
      .filter((href) => !/^https?:\/\//u.test(href)),
    elements: [
      ...document.querySelectorAll(
        '.text, .topic, .name, .quote, .result-text, .result-head, .line',
      ),
    ]
      .flatMap((box) => [
        ...box.querySelectorAll(
          'script, img, iframe, object, embed, form, style, link, video, audio, svg, meta, base',
        ),
      ])
      .map((node) => node.outerHTML),
    handlers: [...document.querySelectorAll('*')].flatMap((node) =>
      node.getAttributeNames().filter((name) => name.startsWith('on')),
    ),
  }));
  assert.deepEqual(found, { hit: undefined, reports: [], links: [], elements: [], handlers: [] });
}

story(
  'a hundred attacks and more run nothing',
  ['ann', 'eve'],
  async ({ server, ann, eve, faults }) => {
    const texts = attacks();
    assert.ok(new Set(texts).size >= 100, `${texts.length} attacks`);
    await guard(ann, server.url, faults.ann);
    await asMessages(ann, eve, texts);
    await ann.reload();
    await isReady(ann);
    await guard(ann, server.url, faults.ann);
    await asHistory(ann);
    await asNames(ann, eve, texts);
    await asResults(ann);
    await asPictures(eve);
    await nothingRan(ann);
  },
  { timeout: 600_000 },
);

/**
 * In messages, in replies to them and in edits.
 * @param {Page} ann
 * @param {Page} eve
 * @param {string[]} texts
 */
async function asMessages(ann, eve, texts) {
  const inLobby = { type: 'send', room: 'lobby' };
  const said = await give(
    eve,
    texts.map((text, at) => ({ ...inLobby, text, nonce: `s${at}` })),
  );
  const stored = said.filter((answer) => answer.type === 'ack');
  assert.ok(stored.length >= 100, `${stored.length} of ${texts.length} were taken`);
  await give(
    eve,
    stored
      .slice(-40)
      .map(({ seq }, at) => ({ ...inLobby, text: texts[at], reply_to: seq, nonce: `r${at}` })),
  );
  const edit = { type: 'edit', room: 'lobby' };
  await give(
    eve,
    stored.slice(-20).map(({ seq }, at) => ({
      ...edit,
      seq,
      text: texts[texts.length - 1 - at],
      nonce: `e${at}`,
    })),
  );
  await give(eve, [{ ...inLobby, text: 'the last', nonce: 'last' }]);
  await ann.locator('.quote').first().waitFor({ state: 'attached' });
  await ann.locator('.text').getByText('the last', { exact: true }).waitFor();
  await nothingRan(ann);
}

/** Read from the store, all of them. @param {Page} ann */
async function asHistory(ann) {
  const shown = new Set();
  await until(async () => {
    for (const text of await textsOf(ann)) shown.add(text.trim());
    await ann.locator('.timeline').evaluate((log) => {
      log.scrollTop = 0;
    });
    return (await ann.getByText('This is the beginning of the room').count()) > 0;
  }, 'the beginning of the room is loaded');
  for (const text of await textsOf(ann)) shown.add(text.trim());
  assert.ok(shown.size >= 80, `${shown.size} texts were shown`);
  await nothingRan(ann);
}

/**
 * As a display name, a topic and a room's lines, one after the other.
 * @param {Page} ann
 * @param {Page} eve
 * @param {string[]} texts
 */
async function asNames(ann, eve, texts) {
  const names = texts.filter((text) => [...text].length <= 32);
  assert.ok(names.length >= 30);
  const named = await give(
    eve,
    names.map((text) => ({ type: 'profile', display_name: text })),
  );
  const taken = named.filter((answer) => answer.type === 'ok').length;
  assert.ok(taken >= 30, `${taken} names were taken`);
  await give(eve, [
    { type: 'create', room: 'traps', nonce: 'c' },
    { type: 'invite', room: 'traps', username: 'ann', nonce: 'i' },
  ]);
  await ann.locator('[data-room="traps"]').click();
  const topics = [...texts.filter((text) => [...text].length <= 250), 'the last topic'];
  await give(
    eve,
    topics.map((topic, at) => ({ type: 'topic', room: 'traps', topic, nonce: `t${at}` })),
  );
  await ann.locator('.topic', { hasText: 'the last topic' }).waitFor();
  await nothingRan(ann);
}

/** Where they are found, and where people are looked at. @param {Page} ann */
async function asResults(ann) {
  for (const word of ['hit', 'script', 'onerror']) {
    await ann.getByRole('button', { name: 'Search', exact: true }).click();
    await ann.getByLabel('Words').fill(word);
    await ann.getByRole('dialog').getByRole('button', { name: 'Search' }).click();
    await ann.getByText(/found/u).waitFor();
    await nothingRan(ann);
    await ann.keyboard.press('Escape');
    await dialogIsClosed(ann);
  }
  await ann.locator('.people .person', { hasText: /./u }).last().getByRole('button').click();
  await ann.getByRole('dialog').waitFor();
  await nothingRan(ann);
  await ann.keyboard.press('Escape');
}

/** Files that are no pictures are refused, whatever type they claim. @param {Page} eve */
async function asPictures(eve) {
  const scripts = [
    '<svg xmlns="http://www.w3.org/2000/svg" onload="hit=1"/>',
    '<html><script>hit=1</script>',
    'GIF89a/*<svg/onload=hit=1>*/=1',
    '\u0089PNG\r\n<script>hit=1</script>',
  ];
  for (const body of scripts) {
    for (const type of ['image/png', 'image/svg+xml', 'image/gif', 'text/html']) {
      const status = await eve.evaluate(
        async ([content, kind]) => {
          const headers = { 'Content-Type': kind };
          return (await fetch('/avatar', { method: 'PUT', headers, body: content })).status;
        },
        [body, type],
      );
      assert.ok(status >= 400 && status < 500, `${type}: ${status}`);
    }
  }
}
