// A text that a person typed is never lost, and reaches only the room it was meant for.

import assert from 'node:assert/strict';
import test from 'node:test';
import { draftOf } from '../js/state/drafts.js';
import { initialState } from '../js/state/initial.js';
import { needs } from '../js/state/needs.js';
import { lastOwnMessage } from '../js/state/rights.js';
import { reduce } from '../js/state/state.js';
import { chat, info, page, welcome } from './support.js';

const rooms = (/** @type {string[]} */ ...names) => ({
  ...welcome,
  rooms: names.map((name) => info(name)),
});
/** @param {any} p */
const sends = (p) => p.ask().filter((/** @type {any} */ command) => command.type === 'send');
/** @param {any} p @param {string} room */
const pendingOf = (p, room) => p.state.rooms.get(room).pending;
/** @param {string} event @param {any} more */
const line = (event, more) => ({
  type: 'system',
  room: 'rust',
  seq: 1,
  ts: 1,
  event,
  message: '',
  username: 'ann',
  ...more,
});

test('a welcome of another user stops the page before anything is asked or sent', () => {
  const p = page()
    .open([chat(1)])
    .drop();
  p.intend('send', { text: 'for ann only', nonce: 'n', ts: 1 });
  p.frames({ ...welcome, username: 'bob', rooms: [info('lobby'), info('secret')] });
  assert.deepEqual(p.ask(), []);
  assert.deepEqual([p.state.link.status, p.state.stranger], ['stopped', 'bob']);
  assert.match(p.state.link.message ?? '', /bob/u);
  assert.ok(!p.state.rooms.has('secret'), 'nothing of the other user is shown');
  assert.equal(p.room.pending.length, 1, 'and nothing of the own user is lost');
});

test('a welcome of the same user goes on', () => {
  const p = page()
    .open([chat(1)])
    .drop();
  p.intend('send', { text: 'hi', nonce: 'n', ts: 1 });
  p.frames({ ...welcome, username: 'ann' });
  assert.equal(sends(p).length, 1);
});

test('a message for another log is not sent until the user says so', () => {
  const p = page()
    .open([chat(1)])
    .drop();
  p.intend('send', { text: 'hi', nonce: 'n', ts: 1 });
  const edit = { type: 'edit', room: 'lobby', seq: 1, text: 'x', nonce: 'e' };
  p.intend('command', { kept: { key: 'e', command: edit } });
  p.frames({ ...welcome, log: 'another' });
  assert.deepEqual([sends(p), pendingOf(p, 'lobby')[0].status], [[], 'failed']);
  assert.deepEqual(p.state.commands, [], 'the numbers of the old log mean nothing in the new one');
  p.intend('retry', { nonce: 'n' });
  assert.equal(sends(p).length, 1);
});

test('a message that an earlier page kept is sent with its nonce to rooms that the user is in', () => {
  const messages = [
    { room: 'lobby', nonce: 'a', text: 'one', ts: 1 },
    { room: 'rust', nonce: 'b', text: 'two', ts: 2 },
    { room: 'lobby', nonce: 'c', text: 'bad', ts: 3, error: 'No.' },
    { room: 'left', nonce: 'd', text: 'three', ts: 4 },
  ];
  const me = { username: 'ann' };
  let state = reduce(initialState(), { intent: 'signedIn', me, kept: { messages } });
  state = reduce(state, { frame: rooms('lobby', 'rust') });
  const sent = needs(state).filter((need) => need.what === 'send');
  assert.deepEqual(
    sent.map((need) => [need.room, need.nonce]),
    [
      ['lobby', 'a'],
      ['rust', 'b'],
    ],
  );
  const left = state.rooms.get('left');
  assert.deepEqual([left?.closed?.event, left?.pending[0].text], ['gone', 'three']);
});

test('a message that another tab left is taken over once, and dropped if that tab was first', () => {
  const p = page().open([]);
  p.intend('send', { text: 'own', nonce: 'a', ts: 1 });
  const kept = {
    messages: [
      { room: 'lobby', nonce: 'a', text: 'own', ts: 1 },
      { room: 'lobby', nonce: 'b', text: 'of the other tab', ts: 2 },
    ],
  };
  p.intend('restored', { kept }).intend('restored', { kept });
  assert.deepEqual(
    pendingOf(p, 'lobby').map((/** @type {any} */ one) => one.nonce),
    ['a', 'b'],
  );
  p.intend('goneElsewhere', { nonce: 'b' });
  assert.equal(pendingOf(p, 'lobby').length, 1);
});

test('a draft keeps its text, its reply and its edit over a change of rooms', () => {
  const p = page().frames(rooms('lobby', 'rust'));
  const reply = { seq: 4, username: 'bob', text: 'the question' };
  const own = { seq: 5, username: 'ann', text: 'typo' };
  p.intend('write', { text: 'half a line' }).intend('reply', { message: reply });
  p.intend('edit', { message: own }).intend('write', { text: 'no typo' });
  p.intend('open', { room: 'rust' });
  assert.equal(draftOf(p.state, 'rust').text, '');
  p.intend('open', { room: 'lobby' });
  const draft = draftOf(p.state, 'lobby');
  assert.deepEqual(draft.edit, { seq: 5, original: 'typo', text: 'no typo' });
  p.intend('dismiss');
  const after = draftOf(p.state, 'lobby');
  assert.deepEqual([after.text, after.reply?.seq, after.edit], ['half a line', 4, null]);
  p.intend('send', { text: 'half a line', replyTo: 4, nonce: 'n', ts: 1 });
  assert.equal(p.state.drafts.size, 0);
});

test('a removed user sees the room closed with who did it, and what they type goes nowhere', () => {
  const p = page().frames(rooms('lobby', 'rust')).intend('open', { room: 'rust' });
  p.ask();
  p.drop().intend('send', { room: 'rust', text: 'waiting', nonce: 'n', ts: 1 });
  p.intend('write', { room: 'rust', text: 'half a thought' });
  p.frames(rooms('lobby', 'rust'));
  p.frames(line('kicked', { by: 'bob' }), { type: 'room_gone', room: 'rust' });
  assert.equal(p.state.current, 'rust', 'the view does not become the lobby');
  const room = p.state.rooms.get('rust');
  assert.deepEqual(room?.closed, { event: 'kicked', by: 'bob', until: null });
  assert.equal(draftOf(p.state, 'rust').text, 'half a thought');
  assert.deepEqual([room?.pending[0].text, room?.pending[0].status], ['waiting', 'failed']);
  p.intend('send', { room: 'rust', text: 'half a thought', nonce: 'm', ts: 1 });
  assert.deepEqual(sends(p), []);
  p.intend('open', { room: 'lobby' });
  assert.ok(p.state.rooms.has('rust'), 'it stays while something in it is unsent');
  p.intend('dropClosed', { room: 'rust' });
  assert.deepEqual([p.state.rooms.has('rust'), p.state.drafts.size], [false, 0]);
});

test('a ban says until when, and a removal from a room that is not open becomes a notice', () => {
  const p = page().frames(rooms('lobby', 'rust'));
  p.frames(line('banned', { by: 'bob', until: 99 }), { type: 'room_gone', room: 'rust' });
  assert.ok(!p.state.rooms.has('rust'));
  assert.equal(p.state.notice, 'You were banned from rust by bob.');
});

test('a user who leaves by themselves is in the lobby, and comes back to the room as it is', () => {
  const p = page().frames(rooms('lobby', 'rust')).intend('open', { room: 'rust' });
  const leave = { type: 'leave', room: 'rust', nonce: 'l' };
  p.intend('command', { kept: { key: 'l', command: leave } });
  p.frames(line('left', {}), { type: 'room_gone', room: 'rust' });
  assert.deepEqual([p.state.current, p.state.rooms.has('rust')], ['lobby', false]);
});

test('a closed room opens again when the user is let in', () => {
  const p = page().frames(rooms('lobby', 'rust')).intend('open', { room: 'rust' });
  p.frames(line('kicked', { by: 'bob' }), { type: 'room_gone', room: 'rust' });
  p.frames({ type: 'room', room: info('rust', { last_seq: 8 }) });
  assert.equal(p.state.rooms.get('rust')?.closed, null);
  assert.ok(p.ask().some((command) => command.type === 'history' && command.room === 'rust'));
});

test('messages that come too fast wait as long as the server says, in their order', () => {
  const p = page().open([]);
  p.intend('send', { text: 'one', nonce: 'a', ts: 1 });
  p.intend('send', { text: 'two', nonce: 'b', ts: 2 });
  p.ask();
  const error = { type: 'error', room: 'lobby', code: 'rate_limited', message: 'Wait.' };
  p.frames({ ...error, nonce: 'a', retry_after_ms: 900 });
  p.frames({ ...error, nonce: 'b', retry_after_ms: 900 });
  assert.deepEqual(sends(p), []);
  p.intend('tick', { now: 899 });
  assert.deepEqual(sends(p), []);
  p.intend('tick', { now: 900 });
  assert.deepEqual(
    sends(p).map((/** @type {any} */ command) => command.nonce),
    ['a', 'b'],
  );
});

test('in a window into the past, the last own message is one that is shown', () => {
  const p = page()
    .open([chat(99, 'ann'), chat(100, 'ann')], 100, true)
    .intend('jump', { seq: 20 });
  const ask = p.ask().find((command) => command.around === 20);
  const messages = [chat(19, 'ann'), chat(20), chat(21)];
  p.frames({
    type: 'history',
    re: ask.id,
    room: 'lobby',
    as_of: 100,
    messages,
    more_before: true,
    more_after: true,
  });
  assert.equal(lastOwnMessage(p.state)?.seq, 19);
  p.intend('toEnd');
  assert.equal(lastOwnMessage(p.state)?.seq, 100);
});
