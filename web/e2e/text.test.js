// Every text vector as the browser draws it, and a message with every form from one person to
// another.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { openPage, say } from './harness.js';
import { startServer } from './programs.js';
import { browser, story } from './story.js';
import { becomes } from './wait.js';

const web = fileURLToPath(new URL('..', import.meta.url));
const folder = path.join(web, '../shared/golden/text');

/**
 * Runs in the browser: draws each text with the page's own module and reads the elements back.
 * @param {any[]} texts
 */
async function drawAll(texts) {
  const { createText } = await import('/static/js/view/text.js');
  const kinds = { STRONG: 'strong', EM: 'emphasis', S: 'strike' };
  const inlines = (/** @type {Node} */ parent) => [...parent.childNodes].map(inline);
  /** @param {any} node @returns {any} */
  function inline(node) {
    if (node.nodeType === Node.TEXT_NODE) return { text: node.data };
    if (node.tagName === 'CODE') return { code: node.textContent };
    if (node.className === 'mention') return { mention: node.textContent.slice(1) };
    if (node.tagName === 'A') {
      return { link: { url: node.getAttribute('href'), label: inlines(node) } };
    }
    return { [/** @type {any} */ (kinds)[node.tagName] ?? node.tagName]: inlines(node) };
  }
  /** @param {any} node @returns {any} */
  function block(node) {
    if (node.tagName === 'P') return { paragraph: inlines(node) };
    if (node.tagName === 'BLOCKQUOTE') return { quote: inlines(node) };
    if (node.tagName === 'PRE') {
      return { fence: { language: node.dataset.language ?? '', text: node.textContent } };
    }
    return {
      list: [...node.children].map((item) => {
        const [{ data }] = item.childNodes;
        return { mark: data.slice(0, -1), text: inlines(item).slice(1) };
      }),
    };
  }
  return texts.map(({ text, mentions }) => {
    const node = createText(text, mentions);
    document.body.append(node);
    const isBlocks = [...node.children].some((c) => c.matches('p, blockquote, pre, ul'));
    const drawn = isBlocks ? [...node.children].map(block) : [{ paragraph: inlines(node) }];
    const shown = node.innerText;
    node.remove();
    return { drawn, shown };
  });
}

test('every text is drawn as its tree', { timeout: 300_000 }, async () => {
  const server = await startServer(['--web-dir', web]);
  try {
    const { page, context, faults } = await openPage(browser, server.url);
    const all = readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .flatMap((file) => {
        const { mentions, vectors } = JSON.parse(readFileSync(path.join(folder, file), 'utf8'));
        return vectors.map((/** @type {any} */ vector) => ({ ...vector, mentions }));
      });
    const drawn = await page.evaluate(drawAll, all);
    all.forEach(({ text, blocks }, at) => {
      assert.deepEqual(drawn[at].drawn, blocks, JSON.stringify(text));
      const isPlain = blocks.every((/** @type {any} */ block) => 'paragraph' in block);
      const only = blocks[0].paragraph ?? [];
      if (isPlain && only.length === 1 && 'text' in only[0]) {
        assert.equal(drawn[at].shown, text, 'what is no formatting is shown as typed');
      }
    });
    assert.ok(all.length >= 300);
    assert.deepEqual(faults, []);
    await context.close();
  } finally {
    await server.stop();
  }
});

story(
  'a formatted message looks the same to its sender and its reader',
  ['ann', 'bob'],
  async ({ ann, bob }) => {
    await say(
      ann,
      '> *really?*\n你好@bob `@bob`\n- **one**\n2) https://example.com/foo。很好\n```sh\n*x*\n```',
    );
    const html = (/** @type {import('playwright-core').Page} */ page) =>
      page.locator('.message:not(.waiting) .text').evaluate((node) => node.innerHTML);
    const expected =
      '<blockquote><em>really?</em></blockquote><p>你好<span class="mention">@bob</span> ' +
      '<code>@bob</code></p><ul><li>- <strong>one</strong></li><li>2) ' +
      '<a href="https://example.com/foo" target="_blank" rel="noopener noreferrer">' +
      'https://example.com/foo</a>。很好</li></ul>' +
      '<pre tabindex="0" data-language="sh"><code>*x*</code></pre>';
    await becomes(() => html(ann), expected);
    await becomes(() => html(bob), expected);
  },
);
