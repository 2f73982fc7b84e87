// The page reads every text as PROTOCOL.md, "Message text", says.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';
import { isEmojiOnly } from '../js/text/emoji.js';
import { parseText } from '../js/text/markup.js';
import { findEmoji } from '../js/view/emoji-names.js';

const folder = new URL('../../shared/golden/text/', import.meta.url);
const VECTORS_MIN = 300;

test('every vector is read as its tree', () => {
  let checked = 0;
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const { mentions, vectors } = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
    for (const { text, blocks } of vectors) {
      assert.deepEqual(parseText(text, mentions), blocks, `${file}: ${JSON.stringify(text)}`);
      checked += 1;
    }
  }
  assert.ok(checked >= VECTORS_MIN, `only ${checked} vectors`);
});

/** All that a tree shows. @param {any} node @returns {string} */
function content(node) {
  if (typeof node === 'string') return node;
  if (Array.isArray(node)) return node.map(content).join('');
  if ('link' in node) return content(node.link.label);
  if ('mention' in node) return `@${node.mention}`;
  return Object.values(node).map(content).join('');
}

/** Whether `part` is left when characters are taken out of `whole`. */
function isWithin(/** @type {string} */ part, /** @type {string} */ whole) {
  let at = 0;
  for (const c of whole) if (part.startsWith(c, at)) at += c.length;
  return at === part.length;
}

test('nothing but marks is lost, and nothing is added', () => {
  const pieces = ['*', '**', '_', '~~', '`', '```', '\n', ' ', 'a', 'é', '好', '@ann', '[', ']('];
  pieces.push(')', 'https://x.y/a', 'www.z.y', '> ', '- ', '1. ', '\\', '#', '。', '"', '👍');
  let seed = 1;
  const random = (/** @type {number} */ below) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let round = 0; round < 20_000; round += 1) {
    const length = 1 + random(12);
    const text = Array.from({ length }, () => pieces[random(pieces.length)]).join('');
    const shown = content(parseText(text, ['ann']).map((block) => [block, '']));
    const letters = (/** @type {string} */ all) => all.replace(/[^aé好ny👍#\\]/gu, '').length;
    assert.ok(isWithin(shown.replaceAll('\n', ''), text), JSON.stringify(text));
    if (!text.includes('](')) assert.equal(letters(shown), letters(text), JSON.stringify(text));
  }
});

test('long hostile texts take little CPU time', () => {
  for (const piece of [
    ...['`', '```', 'http://', '```a', '*a', '**a ', '_', '~~a', '@', '[', '[a](http://', '*('],
    ...['www.', '> ', '- ', '(*', '“*', 'https://[', '@a.', '` ``', '\n```', '*_~~', 'w'],
    ...['[a](http://a)', '**https://x/*', '👩‍'],
  ]) {
    const started = process.cpuUsage();
    const text = piece.repeat(4000 / piece.length);
    parseText(text, ['ann', 'a']);
    isEmojiOnly(text);
    // Not the clock's time, which on a busy machine is longer.
    const ms = process.cpuUsage(started).user / 1_000;
    assert.ok(ms < 1_000, `${JSON.stringify(piece)}: ${ms} ms`);
  }
});

test('a long run of marks and opening punctuation is read once', () => {
  // Far longer than a message, so that time that grows with the square of it is half a minute.
  for (const piece of ['*。', '_*', '*_(*', '#_']) {
    const started = process.cpuUsage();
    parseText(piece.repeat(64_000 / piece.length), []);
    const ms = process.cpuUsage(started).user / 1_000;
    assert.ok(ms < 5_000, `${JSON.stringify(piece)}: ${ms} ms`);
  }
});

test('a few emoji alone are drawn large', () => {
  for (const text of ['🎉', '👍🏽 👍🏽', '👩‍👩‍👧', '🇫🇷', '❤️']) assert.ok(isEmojiOnly(text), text);
  for (const text of ['12', 'a🎉', '🎉!', '#', '', '©', '↔']) assert.ok(!isEmojiOnly(text), text);
});

/** The normal form of an emoji, as PROTOCOL.md says. @param {string} emoji */
function normalForm(emoji) {
  const needsSelector = /(?!\p{Emoji_Presentation})\p{Emoji}(?!\p{Emoji_Modifier})/gu;
  return emoji.replaceAll('\u{fe0f}', '').replace(needsSelector, '$&\u{fe0f}');
}

test('the emoji that the page offers are in the normal form of reactions', () => {
  const golden = new URL('../../shared/golden/emoji.json', import.meta.url);
  for (const [normal, others] of JSON.parse(readFileSync(golden, 'utf8'))) {
    for (const other of [normal, ...others]) assert.equal(normalForm(other), normal);
  }
  const toolbar = readFileSync(new URL('../js/view/toolbar.js', import.meta.url), 'utf8');
  const quick = /const QUICK = \[(.*)\]/u.exec(toolbar)?.[1].match(/[^', ]+/gu) ?? [];
  const offered = [...quick, ...findEmoji('').map(([sign]) => sign)];
  assert.ok(quick.length === 3 && offered.length > 200);
  for (const emoji of offered) assert.equal(emoji, normalForm(emoji));
});
