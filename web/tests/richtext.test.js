import assert from 'node:assert/strict';
import test from 'node:test';
import { isEmojiOnly, pieces } from '../js/view/richtext.js';

/** One letter a kind, so that expectations stay short. @param {string} text @param {string[]} expected */
function check(text, expected) {
  assert.deepEqual(pieces(text).map((piece) => `${piece.kind}:${piece.text}`), expected);
}

test('markup stays text', () => {
  check('<img src=x onerror=alert(1)>', ['text:<img src=x onerror=alert(1)>']);
  check('javascript:alert(1) data:text/html,x', ['text:javascript:alert(1) data:text/html,x']);
});

test('links end before the punctuation that follows them', () => {
  check('see https://a.example/x?y=1, or http://b.example.', ['text:see ', 'link:https://a.example/x?y=1', 'text:, or ', 'link:http://b.example', 'text:.']);
  check('(https://a.example)', ['text:(', 'link:https://a.example', 'text:)']);
});

test('code is cut out whole', () => {
  check('run `ls -l` now', ['text:run ', 'code:ls -l', 'text: now']);
  check('so:\n```sh\nls <b>\ncd\n```\ndone', ['text:so:\n', 'block:ls <b>\ncd', 'text:done']);
  check('a ` b', ['text:a ` b']);
  check('```open', ['text:```open']);
});

test('a few emoji alone stand big', () => {
  for (const text of ['🎉', '👍🏽 👍🏽', '👩‍👩‍👧', '🇫🇷']) assert.ok(isEmojiOnly(text), text);
  for (const text of ['12', 'a🎉', '🎉!', '#', '']) assert.ok(!isEmojiOnly(text), text);
});

test('long hostile text is cut in no time', () => {
  const started = process.hrtime.bigint();
  for (const text of ['`'.repeat(4000), '```'.repeat(1300), 'http://'.repeat(570), `https://${'.'.repeat(3900)}x`, '```a'.repeat(1000), '👩‍'.repeat(1300)]) {
    pieces(text);
    isEmojiOnly(text);
  }
  assert.ok(process.hrtime.bigint() - started < 1_000_000_000n);
});
