// Smaller things that a person notices: mutes, names of those who left, waiting and long messages.

import assert from 'node:assert/strict';
import test from 'node:test';
import { draftOf } from '../js/state/drafts.js';
import { nameOf } from '../js/state/rooms.js';
import { splitText } from '../js/wire.js';
import { chat, page } from './support.js';

const line = (/** @type {number} */ seq, /** @type {string} */ event, more = {}) => ({
  type: 'system',
  room: 'lobby',
  seq,
  ts: seq,
  event,
  message: '',
  username: 'ann',
  ...more,
});

test('typing that is not allowed leaves no notice', () => {
  const p = page().open([chat(1)]);
  p.frames({ type: 'error', room: 'lobby', code: 'muted', message: 'You are muted here' });
  assert.equal(p.state.notice, '');
  p.frames({ type: 'error', code: 'bad_frame', message: 'This is no frame' });
  assert.equal(p.state.notice, 'This is no frame', 'what is no answer to typing is said');
});

test('a mute is shown until it is lifted or over', () => {
  const p = page().open([chat(1)]);
  p.frames(line(2, 'muted', { by: 'bob', until: 5_000 }));
  assert.deepEqual(p.room.mute, { until: 5_000 });
  assert.deepEqual(p.intend('tick', { now: 4_999 }).room.mute, { until: 5_000 });
  assert.equal(p.intend('tick', { now: 5_000 }).room.mute, null);
  p.frames(line(3, 'muted', { by: 'bob' }));
  assert.deepEqual(p.intend('tick', { now: 9e15 }).room.mute, { until: null });
  assert.equal(p.frames(line(4, 'unmuted', { by: 'bob' })).room.mute, null);
});

test('the messages of a banned person keep their name', () => {
  const p = page().open([chat(1)]);
  const roster = p.ask().find((command) => command.type === 'members');
  const re = roster?.id ?? '2';
  const bob = { username: 'bob', display_name: 'Bob B.', role: 'member', online: true };
  p.frames({ type: 'members', re, room: 'lobby', members: [bob] });
  assert.equal(nameOf(p.state, 'bob'), 'Bob B.');
  p.frames(line(2, 'banned', { username: 'bob', by: 'eve' }));
  assert.ok(!p.room.people.has('bob'));
  assert.equal(nameOf(p.state, 'bob'), 'Bob B.');
});

test('a message that waits can be taken back, one that has left cannot', () => {
  const p = page()
    .open([chat(1)])
    .drop();
  p.intend('send', { text: 'first', nonce: 'a', ts: 1 });
  p.intend('write', { text: 'second' }).intend('withdraw', { nonce: 'a' });
  assert.equal(p.room.pending.length, 0);
  assert.equal(draftOf(p.state, 'lobby').text, 'first\nsecond');
  const live = page().open([chat(1)]);
  live.intend('send', { text: 'gone', nonce: 'b', ts: 1 }).ask();
  live.intend('withdraw', { nonce: 'b' });
  assert.equal(live.room.pending.length, 1);
});

test('a long text is cut into parts that may be sent, and nothing of it is lost', () => {
  const words = Array.from({ length: 2_000 }, (_, at) => `word${at}`).join(' ');
  const parts = splitText(words);
  assert.ok(parts.length > 1 && parts.every((part) => part.length <= 4_000));
  assert.equal(parts.join(' '), words);
  assert.deepEqual(splitText('👋'.repeat(4_001)), ['👋'.repeat(4_000), '👋']);
  const lines = `${'a'.repeat(3_990)}\n${'b c '.repeat(10)}`;
  assert.deepEqual(splitText(lines), ['a'.repeat(3_990), 'b c '.repeat(10).trimEnd()]);
  assert.deepEqual(splitText('short'), ['short']);
});
