import assert from 'node:assert/strict';
import test from 'node:test';
import { TEXT_CHARACTERS_MAX, characters, checkText, hello, newNonce, parse } from '../js/wire.js';

test('a text that is not a frame is refused, unknown types and fields pass', () => {
  for (const text of [
    '',
    'x',
    '1',
    'null',
    '[]',
    '"chat"',
    '{}',
    '{"type":1}',
    '{"type":"history"}',
    '{"type":"history","messages":[1]}',
    '{"type":"welcome","rooms":{}}',
    '{"type":"presence","online":"ann"}',
  ]) {
    assert.equal(parse(text), null, text);
  }
  assert.deepEqual(parse('{"type":"aurora","colour":"green"}'), {
    type: 'aurora',
    colour: 'green',
  });
  assert.equal(parse('{"type":"constructor"}').type, 'constructor');
});

test('text is counted in characters, trimmed at its end, and never empty', () => {
  assert.equal(characters('a👋é'), 3);
  assert.deepEqual(checkText('  two\nlines \n\t '), { text: '  two\nlines', error: '' });
  assert.match(checkText(' \n ').error, /Write something/);
  assert.equal(checkText('👋'.repeat(TEXT_CHARACTERS_MAX)).error, '');
  assert.equal(
    checkText('👋'.repeat(TEXT_CHARACTERS_MAX + 1)).error,
    'This message is 1 character too long. Shorten it, or send it in parts.',
  );
  assert.match(
    checkText('x'.repeat(TEXT_CHARACTERS_MAX + 1200)).error,
    /1,200 characters too long/,
  );
});

test('hello resumes only what was read from the same log', () => {
  assert.deepEqual(hello(null, {}), { type: 'hello', version: 1, client: 'chat-web/1' });
  assert.deepEqual(hello('L', {}), { type: 'hello', version: 1, client: 'chat-web/1' });
  assert.deepEqual(hello('L', { lobby: 4 }), {
    type: 'hello',
    version: 1,
    client: 'chat-web/1',
    log: 'L',
    resume: { lobby: 4 },
  });
});

test('nonces are of the allowed letters and never the same', () => {
  const made = new Set(Array.from({ length: 1000 }, newNonce));
  assert.equal(made.size, 1000);
  for (const nonce of made) assert.match(nonce, /^[A-Za-z0-9._-]{1,64}$/);
});
