import assert from 'node:assert/strict';
import test from 'node:test';
import { isEmojiOnly, pieces } from '../js/view/richtext.js';

/** @param {import('../js/view/richtext.js').Piece} piece @returns {string} */
const told = (piece) =>
  'pieces' in piece
    ? `${piece.kind}(${piece.pieces.map(told).join(' ')})`
    : `${piece.kind}:${piece.text}`;

/** @param {string} text @param {string[]} expected @param {string[]} [mentions] */
function check(text, expected, mentions) {
  assert.deepEqual(pieces(text, mentions).map(told), expected);
}

test('markup stays text', () => {
  check('<img src=x onerror=alert(1)>', ['text:<img src=x onerror=alert(1)>']);
  check('javascript:alert(1) data:text/html,x', ['text:javascript:alert(1) data:text/html,x']);
});

test('links end before the punctuation that follows them', () => {
  check('see https://a.example/x?y=1, or http://b.example.', [
    'text:see ',
    'link:https://a.example/x?y=1',
    'text:, or ',
    'link:http://b.example',
    'text:.',
  ]);
  check('(https://a.example)', ['text:(', 'link:https://a.example', 'text:)']);
});

test('code is cut out whole', () => {
  check('run `ls -l` now', ['text:run ', 'code:ls -l', 'text: now']);
  check('so:\n```sh\nls <b>\ncd\n```\ndone', ['text:so:\n', 'block:ls <b>\ncd', 'text:done']);
  check('a ` b', ['text:a ` b']);
  check('```open', ['text:```open']);
});

test('inline forms, and what only looks like one', () => {
  check('a **bold _and_ more** b', [
    'text:a ',
    'strong(text:bold  em(text:and) text: more)',
    'text: b',
  ]);
  check('*one* ~~gone~~', ['em(text:one)', 'text: ', 'strike(text:gone)']);
  check('2 * 3 * 4', ['text:2 * 3 * 4']);
  check('snake_case_name', ['text:snake_case_name']);
  check('`**raw**`', ['code:**raw**']);
  check('** no**', ['text:** no**']);
  check('**https://a.example/x**', ['strong(link:https://a.example/x)']);
});

test('only whom the server says it names is a mention', () => {
  check('hi @Bob, @eve', ['text:hi ', 'mention:@Bob', 'text:, @eve'], ['bob']);
  check('@j.doe.', ['mention:@j.doe', 'text:.'], ['j.doe']);
  check('mail@bob', ['text:mail@bob'], ['bob']);
});

test('a few emoji alone stand big', () => {
  for (const text of ['🎉', '👍🏽 👍🏽', '👩‍👩‍👧', '🇫🇷']) assert.ok(isEmojiOnly(text), text);
  for (const text of ['12', 'a🎉', '🎉!', '#', '']) assert.ok(!isEmojiOnly(text), text);
});

test('long hostile text is cut in no time', () => {
  const started = process.hrtime.bigint();
  for (const text of [
    '`'.repeat(4000),
    '```'.repeat(1300),
    'http://'.repeat(570),
    `https://${'.'.repeat(3900)}x`,
    '```a'.repeat(1000),
    '👩‍'.repeat(1300),
    '*a'.repeat(2000),
    '**a '.repeat(1300),
    '_'.repeat(4000),
    '~~a'.repeat(1300),
    '@'.repeat(4000),
  ]) {
    pieces(text);
    isEmojiOnly(text);
  }
  assert.ok(process.hrtime.bigint() - started < 1_000_000_000n);
});
