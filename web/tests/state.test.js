import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';
import { WINDOW_MAX } from '../js/state/past.js';
import { HELD_EVENTS_MAX, LIVE_KEPT, PASSING_LINES_MAX } from '../js/state/room.js';
import { resumePoints } from '../js/state/state.js';
import { chat, page, welcome } from './support.js';

test('events are shown in order and once', () => {
  const p = page()
    .open([chat(1), chat(2)])
    .frames(chat(3), chat(3), chat(1), chat(4));
  assert.deepEqual(p.texts(), ['m1', 'm2', 'm3', 'm4']);
  assert.deepEqual(resumePoints(p.state), { lobby: 4 });
});

test('events that come before the first page wait for it', () => {
  const p = page().frames(welcome);
  const latest = p.ask()[0];
  p.frames(chat(3), chat(2), {
    type: 'history',
    re: latest.id,
    room: 'lobby',
    as_of: 2,
    messages: [chat(1), chat(2)],
    more_before: false,
  });
  assert.deepEqual(p.texts(), ['m1', 'm2', 'm3']);
});

test('a gap is asked for and filled, and events behind it wait', () => {
  const p = page().open([chat(1)]);
  p.ask();
  p.frames(chat(4));
  assert.deepEqual(p.texts(), ['m1']);
  const [ask] = p.ask();
  assert.deepEqual([ask.type, ask.after], ['events', 1]);
  p.frames(chat(5));
  assert.deepEqual(p.ask(), [], 'the hole is asked for once');
  p.frames({ type: 'events', re: ask.id, room: 'lobby', events: [chat(2), chat(3)], more: false });
  assert.deepEqual(p.texts(), ['m1', 'm2', 'm3', 'm4', 'm5']);
});

test('a gap that the server cannot fill means another log: the room is read again', () => {
  const p = page().open([chat(1)]);
  p.frames(chat(9));
  const [ask] = p.ask();
  p.frames({ type: 'events', re: ask.id, room: 'lobby', events: [], more: false });
  assert.equal(p.ask()[0].type, 'history');
});

test('numbered events of an unknown type move the cursor on', () => {
  const p = page()
    .open([chat(1)])
    .frames({ type: 'aurora', room: 'lobby', seq: 2, ts: 1 }, chat(3));
  assert.deepEqual(p.texts(), ['m1', 'm3']);
  assert.deepEqual(
    p.ask().filter((command) => command.type === 'events'),
    [],
  );
});

test('a message is shown at once, and becomes the real one by its nonce', () => {
  const p = page()
    .open([chat(1)])
    .intend('send', { text: 'hi', nonce: 'mine', ts: 5 });
  assert.equal(p.room.pending[0].status, 'queued');
  const send = p.ask().find((command) => command.type === 'send');
  assert.deepEqual([send.text, send.nonce], ['hi', 'mine']);
  p.frames({ type: 'ack', re: send.id, room: 'lobby', nonce: 'mine', seq: 2, ts: 9 });
  assert.equal(p.room.pending[0].status, 'stored');
  p.frames(chat(2, 'bob', { nonce: 'mine' }));
  assert.equal(p.room.pending.length, 1, 'the nonce of another is not ours');
  p.frames(chat(3, 'ann', { nonce: 'mine', message: 'hi' }));
  assert.deepEqual(p.room.pending, []);
  assert.deepEqual(p.texts(), ['m1', 'm2', 'hi']);
});

test('a message without an answer is sent again with the same nonce, and so is one written offline', () => {
  const p = page().open().intend('send', { text: 'one', nonce: 'a', ts: 1 });
  p.ask();
  p.drop().intend('send', { text: 'two', nonce: 'b', ts: 2 });
  assert.deepEqual(p.ask(), []);
  p.frames(welcome);
  assert.deepEqual(
    p
      .ask()
      .filter((command) => command.type === 'send')
      .map((command) => command.nonce),
    ['a', 'b'],
  );
});

test('a message acked before the line broke is not sent again', () => {
  const p = page().open().intend('send', { text: 'one', nonce: 'a', ts: 1 });
  p.ask();
  p.frames({ type: 'ack', room: 'lobby', nonce: 'a', seq: 1, ts: 1 }).drop().frames(welcome);
  assert.deepEqual(
    p.ask().filter((command) => command.type === 'send'),
    [],
  );
  p.frames(chat(1, 'ann', { nonce: 'a' }));
  assert.equal(p.room.pending.length, 0);
});

test('a refused message stays with its error, is retried or discarded', () => {
  const p = page().open().intend('send', { text: 'one', nonce: 'a', ts: 1 });
  p.ask();
  p.frames({ type: 'error', nonce: 'a', room: 'lobby', code: 'rate_limited', message: 'Wait.' });
  assert.deepEqual([p.room.pending[0].status, p.room.pending[0].error], ['failed', 'Wait.']);
  p.drop().frames(welcome);
  assert.deepEqual(
    p.ask().filter((command) => command.type === 'send'),
    [],
  );
  p.intend('retry', { nonce: 'a' });
  assert.equal(p.ask().find((command) => command.type === 'send')?.nonce, 'a');
  assert.deepEqual(p.intend('discard', { nonce: 'a' }).room.pending, []);
});

test('a page that could not be read says so, and is asked for again on demand', () => {
  const p = page().frames(welcome);
  const [latest] = p.ask();
  p.frames({ type: 'error', re: latest.id, code: 'unavailable', message: 'Try again.' }, chat(1));
  assert.deepEqual([p.room.history, p.room.error, p.ask()], ['failed', 'Try again.', []]);
  p.intend('reload');
  assert.equal(p.ask()[0].type, 'history');
});

test('limited drops the pages and reads them again, and keeps messages that wait', () => {
  const p = page()
    .open([chat(1)])
    .drop()
    .intend('send', { text: 'x', nonce: 'a', ts: 1 });
  p.frames(welcome, { type: 'limited', room: 'lobby', last_seq: 9000, reset: false }, chat(9001));
  const asked = p.ask();
  const latest = asked.find((command) => command.type === 'history');
  p.frames({
    type: 'history',
    re: latest.id,
    room: 'lobby',
    as_of: 9000,
    messages: [chat(9000)],
    more_before: true,
  });
  assert.deepEqual(p.texts(), ['m9000', 'm9001']);
  assert.equal(p.room.pending.length, 1);
});

test('another log id forgets the old numbers', () => {
  const p = page()
    .open([chat(1), chat(2)])
    .drop()
    .frames({ ...welcome, log: 'M' });
  assert.deepEqual(resumePoints(p.state), {});
  assert.equal(p.ask()[0].type, 'history');
});

test('edits, deletes and reactions change their message once', () => {
  const react = {
    type: 'reacted',
    room: 'lobby',
    seq: 3,
    ts: 1,
    target: 1,
    username: 'ann',
    emoji: '__proto__',
    on: true,
  };
  const p = page()
    .open([chat(1)])
    .frames(
      { type: 'edited', room: 'lobby', seq: 2, ts: 7, target: 1, username: 'bob', message: 'new' },
      react,
      react,
    );
  assert.deepEqual([p.room.entries[0].text, p.room.entries[0].editedTs], ['new', 7]);
  assert.deepEqual(p.room.entries[0].reactions.get('__proto__'), { n: 1, who: ['ann'], me: true });
  p.frames(
    { ...react, seq: 4, on: false },
    { type: 'deleted', room: 'lobby', seq: 5, ts: 1, target: 1, username: 'bob' },
  );
  assert.deepEqual(
    [p.room.entries[0].deleted, p.room.entries[0].text, p.room.entries[0].reactions.size],
    [true, '', 0],
  );
});

test('older pages go above, and get the changes that they missed but no change twice', () => {
  const p = page()
    .open([chat(10)], 10, true)
    .intend('older');
  const ask = p.ask().find((command) => command.type === 'history');
  assert.equal(ask.before, 10);
  p.frames(
    { type: 'edited', room: 'lobby', seq: 11, ts: 1, target: 8, username: 'bob', message: 'late' },
    {
      type: 'reacted',
      room: 'lobby',
      seq: 12,
      ts: 1,
      target: 9,
      username: 'bob',
      emoji: '👍',
      on: true,
    },
  );
  p.frames({
    type: 'history',
    re: ask.id,
    room: 'lobby',
    as_of: 10,
    messages: [
      chat(8),
      chat(9, 'bob', { rev: 12, reactions: { '👍': { n: 1, me: false, who: ['bob'] } } }),
    ],
    more_before: false,
  });
  assert.deepEqual(p.texts(), ['late', 'm9', 'm10']);
  assert.equal(p.room.entries[1].reactions.get('👍').n, 1);
  assert.equal(p.room.moreBefore, false);
});

test('people come and go, whatever they are called', () => {
  const p = page().frames(welcome);
  const ask = p.ask().find((command) => command.type === 'members');
  p.frames({
    type: 'members',
    re: ask.id,
    room: 'lobby',
    members: [
      { username: '__proto__', online: false },
      { username: 'bob', online: true },
    ],
    more: true,
  });
  const next = p.ask().find((command) => command.type === 'members');
  assert.equal(next.after, 'bob');
  p.frames({
    type: 'members',
    re: next.id,
    room: 'lobby',
    members: [{ username: 'cat', online: false }],
    more: false,
  });
  p.frames({
    type: 'presence',
    room: 'lobby',
    online: ['__proto__', 'new'],
    offline: ['bob', 'nobody'],
    count: 2,
  });
  assert.deepEqual(
    [...p.room.people.values()].map((person) => [person.username, person.online]),
    [
      ['__proto__', true],
      ['bob', false],
      ['cat', false],
      ['new', true],
    ],
  );
  p.drop().frames(welcome);
  assert.ok(
    p.ask().some((command) => command.type === 'members'),
    'who came while we were away is asked for',
  );
});

test('every list has its bound', () => {
  const p = page().open([chat(1)]);
  p.ask();
  for (let at = 0; at < PASSING_LINES_MAX + 20; at += 1) {
    p.frames({ type: 'system', event: 'joined_chat', room: 'lobby', ts: 1, message: `line ${at}` });
  }
  assert.equal(p.room.entries.length, 1 + PASSING_LINES_MAX);
  for (let seq = 2; seq <= WINDOW_MAX + 2; seq += 1) p.frames(chat(seq));
  p.intend('trim', { following: true });
  assert.deepEqual([p.room.entries.length, p.room.moreBefore], [LIVE_KEPT, true]);
  for (let at = 0; at <= HELD_EVENTS_MAX; at += 1) p.frames(chat(10_000 + at));
  assert.ok(p.room.held.length <= HELD_EVENTS_MAX);
});

test('a frame cannot pass for an intention, nor a strange type for a handler', () => {
  const p = page().open([chat(1)]);
  for (const type of ['signedOut', 'constructor', '__proto__', 'toString']) {
    assert.equal(p.frames({ type }).state.screen, 'chat');
  }
});

test('the state knows no browser, clock or chance', () => {
  const folder = new URL('../js/state/', import.meta.url);
  const files = readdirSync(folder).map((file) => `state/${file}`);
  assert.ok(files.length > 10);
  for (const file of [
    ...files,
    'net/retry.js',
    'wire.js',
    'view/rows.js',
    'view/presence-batch.js',
    'text/chars.js',
    'text/links.js',
    'text/inline.js',
    'text/markup.js',
    'text/emoji.js',
  ]) {
    const source = readFileSync(new URL(`../js/${file}`, import.meta.url), 'utf8').replace(
      /\/\/.*|\/\*[\s\S]*?\*\//gu,
      '',
    );
    const pure = file.startsWith('view/')
      ? /^(\.\.\/(state\/)?[a-z]+|\.\/presence-batch)\.js$/u
      : /^(\.\/[a-z]+|\.\.\/(wire|messages))\.js$/u;
    for (const [, from] of source.matchAll(/from '(.+?)'/gu)) assert.match(from, pure, file);
    if (file === 'wire.js' || file === 'view/rows.js') continue;
    assert.doesNotMatch(
      source,
      /\b(document|window|location|fetch|WebSocket|Date|Math\.random|setTimeout|localStorage)\b/,
      file,
    );
  }
});

test('no module writes markup', () => {
  const folder = new URL('../js/', import.meta.url);
  const files = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith('.js'));
  assert.ok(files.length > 15);
  for (const file of files) {
    assert.doesNotMatch(
      readFileSync(new URL(file, folder), 'utf8'),
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/,
      file,
    );
  }
});
