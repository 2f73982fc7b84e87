// Nothing that people write is run by the page: not from messages, names, topics or pictures.

import assert from 'node:assert/strict';
import test from 'node:test';
import { attacks } from './attacks.js';
import { give, openPage, signUp, startBrowser, startServer, textsOf } from './harness.js';

/**
 * Notes what must not happen.
 * @param {import('playwright-core').Page} page
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

/** @param {import('playwright-core').Page} page */
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

test('a hundred attacks and more run nothing', { timeout: 240_000 }, async () => {
  const texts = attacks();
  assert.ok(new Set(texts).size >= 100, `${texts.length} attacks`);
  const server = await startServer(['--rate-limit', 'off']);
  const browser = await startBrowser();
  try {
    const { page: ann, faults } = await openPage(browser, server.url);
    await signUp(ann, 'ann');
    await guard(ann, server.url, faults);
    const { page: eve } = await openPage(browser, server.url);
    await signUp(eve, 'eve');

    // In messages, in replies to them and in edits.
    const said = await give(
      eve,
      texts.map((text, at) => ({ type: 'send', room: 'lobby', text, nonce: `s${at}` })),
    );
    const stored = said.filter((answer) => answer.type === 'ack');
    assert.ok(stored.length >= 100, `${stored.length} of ${texts.length} were taken`);
    await give(
      eve,
      stored.slice(-40).map((ack, at) => ({
        type: 'send',
        room: 'lobby',
        text: texts[at],
        reply_to: ack.seq,
        nonce: `r${at}`,
      })),
    );
    await give(
      eve,
      stored.slice(-20).map((ack, at) => ({
        type: 'edit',
        room: 'lobby',
        seq: ack.seq,
        text: texts[texts.length - 1 - at],
        nonce: `e${at}`,
      })),
    );
    await ann.locator('.quote').first().waitFor({ state: 'attached' });
    await ann.waitForTimeout(500);
    await nothingRan(ann);
    // Read from the store as well, all of them, and shown as they were written.
    await ann.reload();
    await ann.locator('.timeline[aria-busy="false"]').waitFor();
    await guard(ann, server.url, faults);
    const shown = new Set();
    for (
      let turns = 0;
      turns < 40 && (await ann.getByText('This is the beginning of the room').count()) === 0;
      turns += 1
    ) {
      for (const text of await textsOf(ann)) shown.add(text.trim());
      await ann.locator('.timeline').evaluate((log) => {
        log.scrollTop = 0;
      });
      await ann.waitForTimeout(150);
    }
    for (const text of await textsOf(ann)) shown.add(text.trim());
    assert.ok(shown.size >= 80, `${shown.size} texts were shown`);
    await nothingRan(ann);

    // As a display name, a topic and a room's lines, one after the other.
    const names = texts.filter((text) => [...text].length <= 32);
    assert.ok(names.length >= 30);
    let taken = 0;
    for (const text of names) {
      const [named] = await give(eve, [{ type: 'profile', display_name: text }]);
      taken += named.type === 'ok' ? 1 : 0;
    }
    assert.ok(taken >= 30, `${taken} names were taken`);
    await give(eve, [
      { type: 'create', room: 'traps', nonce: 'c' },
      { type: 'invite', room: 'traps', username: 'ann', nonce: 'i' },
    ]);
    await ann.locator('[data-room="traps"]').click();
    await give(
      eve,
      texts
        .filter((text) => [...text].length <= 250)
        .map((topic, at) => ({ type: 'topic', room: 'traps', topic, nonce: `t${at}` })),
    );
    await ann.waitForTimeout(500);
    await nothingRan(ann);

    // Where they are found, offered, and told of.
    for (const word of ['hit', 'script', 'onerror']) {
      await ann.getByRole('button', { name: 'Search', exact: true }).click();
      await ann.getByLabel('Words').fill(word);
      await ann.getByRole('dialog').getByRole('button', { name: 'Search' }).click();
      await ann.getByText(/found/u).waitFor();
      await nothingRan(ann);
      await ann.keyboard.press('Escape');
    }
    await ann.locator('.people .person', { hasText: /./u }).last().getByRole('button').click();
    await ann.getByRole('dialog').waitFor();
    await nothingRan(ann);
    await ann.keyboard.press('Escape');

    // Pictures that are none are refused, whatever they call themselves.
    const scripts = [
      '<svg xmlns="http://www.w3.org/2000/svg" onload="hit=1"/>',
      '<html><script>hit=1</script>',
      'GIF89a/*<svg/onload=hit=1>*/=1',
      '\u0089PNG\r\n<script>hit=1</script>',
    ];
    for (const body of scripts) {
      for (const type of ['image/png', 'image/svg+xml', 'image/gif', 'text/html']) {
        const status = await eve.evaluate(
          async ([content, kind]) =>
            (
              await fetch('/avatar', {
                method: 'PUT',
                headers: { 'Content-Type': kind },
                body: content,
              })
            ).status,
          [body, type],
        );
        assert.ok(status >= 400 && status < 500, `${type}: ${status}`);
      }
    }
    await nothingRan(ann);
    assert.deepEqual(faults, []);
  } finally {
    await browser.close();
    await server.stop();
  }
});
