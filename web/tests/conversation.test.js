import assert from 'node:assert/strict';
import test from 'node:test';
import { changesOf } from '../js/state/commands.js';
import { quoteOf } from '../js/state/quotes.js';
import { mayInvite, mayModerate, rightsOver } from '../js/state/rights.js';
import { nameOf, titleOf } from '../js/state/rooms.js';
import { chat, info, page, welcome } from './support.js';

const rust = (/** @type {any} */ more) => ({
  ...welcome,
  rooms: [info('lobby'), info('rust', more)],
});
const unread = (/** @type {any} */ room) => [room.unread, room.mentions, room.readSeq];

test('unread counts what comes, once, in rooms that are not open too', () => {
  const p = page().frames(rust({ last_seq: 5, read_seq: 3, unread: 2, mentions: 1 }));
  const room = () => /** @type {any} */ (p.state.rooms.get('rust'));
  p.frames(chat(4, 'bob', { room: 'rust' }));
  assert.deepEqual(unread(room()), [2, 1, 3], 'counted by the server already');
  p.frames(
    chat(6, 'bob', { room: 'rust', mentions: ['ann'] }),
    chat(6, 'bob', { room: 'rust', mentions: ['ann'] }),
  );
  assert.deepEqual(unread(room()), [3, 2, 3]);
  p.frames(
    { type: 'read', room: 'rust', seq: 6, unread: 0, mentions: 0 },
    chat(7, 'bob', { room: 'rust' }),
  );
  assert.deepEqual(unread(room()), [1, 0, 6]);
  p.frames(chat(8, 'ann', { room: 'rust' }));
  assert.deepEqual(unread(room()), [0, 0, 8], 'who speaks has read');
  p.frames({ type: 'read', room: 'rust', seq: 2, unread: 9, mentions: 0 });
  assert.deepEqual(unread(room()), [0, 0, 8], 'a marker only moves forward');
});

test('a message that was seen is marked read once, and again after the line broke', () => {
  const p = page()
    .open([chat(1), chat(2)])
    .frames(chat(3));
  p.ask();
  p.intend('seen', { seq: 3 });
  const [mark] = p.ask();
  assert.deepEqual([mark.type, mark.seq], ['read', 3]);
  assert.deepEqual(p.intend('seen', { seq: 3 }).ask(), []);
  p.drop()
    .frames({ ...welcome, rooms: [info('lobby', { last_seq: 3, read_seq: 2, unread: 1 })] })
    .intend('seen', { seq: 3 });
  const again = p.ask().find((command) => command.type === 'read');
  p.frames(
    { type: 'read', room: 'lobby', seq: 3, unread: 0, mentions: 0 },
    { type: 'ok', re: again.id },
  );
  assert.deepEqual([unread(p.room), p.ask()], [[0, 0, 3], []]);
});

test('a read mark that is refused is not repeated', () => {
  const p = page()
    .open([chat(1)])
    .frames(chat(2))
    .intend('seen', { seq: 2 });
  const mark = p.ask().find((command) => command.type === 'read');
  p.frames({ type: 'error', re: mark.id, code: 'rate_limited', message: 'Wait.' });
  assert.deepEqual([p.ask(), p.state.notice], [[], '']);
});

test('the line of new messages is where the user had read to, and moves when they look away', () => {
  const p = page().frames({
    ...welcome,
    rooms: [info('lobby', { last_seq: 5, read_seq: 3, unread: 2 })],
  });
  assert.equal(p.room.newFrom, 3);
  const ask = p.ask().find((command) => command.type === 'history');
  p.frames({
    type: 'history',
    re: ask.id,
    room: 'lobby',
    as_of: 5,
    messages: [chat(5)],
    more_before: true,
  });
  p.intend('away');
  assert.equal(p.room.newFrom, 5);
  p.intend('send', { text: 'x', nonce: 'n', ts: 1 });
  assert.equal(p.room.newFrom, null, 'who speaks knows where they are');
});

test('a change is kept until it is answered, over a broken line, with its nonce', () => {
  const kept = {
    key: 'k',
    command: { type: 'edit', room: 'lobby', seq: 1, text: 'new', nonce: 'k' },
  };
  const p = page().open([chat(1, 'ann')]);
  p.ask();
  p.intend('command', { kept });
  const edit = p.ask().find((command) => command.type === 'edit');
  assert.equal(changesOf(p.state, 'lobby').get(1)?.length, 1);
  p.drop().frames({ ...welcome, rooms: [info('lobby', { last_seq: 1 })] });
  const again = p.ask().find((command) => command.type === 'edit');
  assert.deepEqual([again.nonce, again.id === edit.id], ['k', false]);
  p.frames({ type: 'ok', re: again.id });
  assert.deepEqual(p.state.commands, []);
});

test('a refused edit keeps its text and its error; any other refusal becomes a notice', () => {
  const p = page().open([chat(1, 'ann')]);
  p.intend('command', {
    kept: { key: 'k', command: { type: 'edit', room: 'lobby', seq: 1, text: 'new', nonce: 'k' } },
  });
  const edit = p.ask().find((command) => command.type === 'edit');
  p.frames({
    type: 'error',
    re: edit.id,
    nonce: 'k',
    room: 'lobby',
    code: 'muted',
    message: 'You are muted.',
  });
  assert.deepEqual(
    [p.state.commands[0].status, p.state.commands[0].error, p.ask()],
    ['failed', 'You are muted.', []],
  );
  p.intend('retryCommand', { key: 'k' });
  assert.equal(p.ask().length, 1);
  p.intend('command', {
    kept: { key: 'd', command: { type: 'delete', room: 'lobby', seq: 1, nonce: 'd' } },
  });
  const remove = p.ask().find((command) => command.type === 'delete');
  p.frames({ type: 'error', re: remove.id, code: 'forbidden', message: 'Not yours.' });
  assert.equal(p.state.notice, 'Not yours.');
});

test('a room that the user creates or joins opens, and so does a new direct room', () => {
  const p = page().frames(welcome);
  p.ask();
  p.intend('command', {
    kept: { key: 'c', open: true, command: { type: 'create', room: 'rust', nonce: 'c' } },
  });
  const create = p.ask().find((command) => command.type === 'create');
  p.frames({ type: 'room', re: create.id, room: info('rust', { role: 'owner' }) });
  assert.equal(p.state.current, 'rust');
  p.intend('command', {
    kept: { key: 'j', open: true, command: { type: 'join', room: 'news', nonce: 'j' } },
  });
  const join = p.ask().find((command) => command.type === 'join');
  p.frames({ type: 'ok', re: join.id }, { type: 'room', room: info('news') });
  assert.equal(p.state.current, 'news', 'also where the answer comes first');
  p.intend('command', { kept: { key: 'd', open: true, command: { type: 'dm', username: 'bob' } } });
  const dm = p.ask().find((command) => command.type === 'dm');
  p.frames({ type: 'room', re: dm.id, room: info('@1', { kind: 'direct', with: 'bob' }) });
  assert.equal(titleOf(p.state, /** @type {any} */ (p.state.rooms.get('@1'))), 'bob');
});

test('a room that the user was removed from while away goes after welcome, unless a message waits there', () => {
  const p = page().frames({ ...welcome, rooms: [info('lobby'), info('rust'), info('news')] });
  p.intend('send', { room: 'news', text: 'x', nonce: 'n', ts: 1 }).drop();
  p.frames({ ...welcome, rooms: [info('lobby')], more: true });
  assert.ok(p.state.rooms.has('rust'), 'not all are told yet');
  p.frames({ type: 'rooms_state', rooms: [], more: false });
  assert.deepEqual([...p.state.rooms.keys()], ['lobby', 'news']);
});

test('quotes of messages that are not loaded are asked for once, and follow their message', () => {
  const p = page().open([chat(900, 'bob', { reply_to: 7 })], 900, true);
  const [ask] = p.ask().filter((command) => command.around === 7);
  assert.equal(ask.limit, 1);
  assert.deepEqual(
    p.ask().filter((command) => command.around === 7),
    [],
  );
  p.frames({
    type: 'history',
    re: ask.id,
    room: 'lobby',
    as_of: 900,
    messages: [chat(7)],
    more_before: true,
    more_after: true,
  });
  assert.equal(quoteOf(p.room, 7)?.text, 'm7');
  p.frames({
    type: 'edited',
    room: 'lobby',
    seq: 901,
    ts: 1,
    target: 7,
    username: 'bob',
    message: 'new',
  });
  assert.equal(quoteOf(p.room, 7)?.text, 'new');
  p.frames({ type: 'deleted', room: 'lobby', seq: 902, ts: 1, target: 7, username: 'bob' });
  assert.deepEqual([quoteOf(p.room, 7)?.text, quoteOf(p.room, 7)?.deleted], ['', true]);
});

test('a person counts as typing for six seconds, or until their message comes', () => {
  const p = page()
    .open([])
    .frames({ type: 'typing', room: 'lobby', usernames: ['bob', 'cat'] });
  assert.deepEqual(p.room.typing.names, ['bob', 'cat']);
  p.frames(chat(1, 'bob'));
  assert.deepEqual(p.room.typing.names, ['cat']);
  p.intend('tick', { now: 5_999 });
  assert.deepEqual(p.room.typing.names, ['cat']);
  p.intend('tick', { now: 6_000 });
  assert.deepEqual(p.room.typing.names, []);
});

test('system events change roles, topics and members', () => {
  const line = (
    /** @type {number} */ seq,
    /** @type {string} */ event,
    /** @type {any} */ more,
  ) => ({ type: 'system', room: 'lobby', seq, ts: 1, event, message: '', ...more });
  const p = page()
    .open([])
    .frames(
      line(1, 'invited', { username: 'bob', by: 'ann' }),
      line(2, 'role', { username: 'ann', role: 'moderator' }),
      line(3, 'topic', { username: 'ann', topic: 'Crabs' }),
    );
  assert.deepEqual(
    [p.room.people.has('bob'), p.room.role, p.room.topic],
    [true, 'moderator', 'Crabs'],
  );
  p.frames(line(4, 'left', { username: 'bob', heir: 'ann' }));
  assert.deepEqual([p.room.people.has('bob'), p.room.role], [false, 'owner']);
});

test('people are shown by their display names, the user too', () => {
  const p = page().frames(welcome);
  const ask = p.ask().find((command) => command.type === 'members');
  p.frames({
    type: 'members',
    re: ask.id,
    room: 'lobby',
    members: [
      {
        username: 'bob',
        display_name: 'Bob B.',
        role: 'member',
        online: true,
        bot: false,
        avatar: '',
      },
    ],
    more: false,
  });
  assert.deepEqual([nameOf(p.state, 'bob'), nameOf(p.state, 'cat')], ['Bob B.', 'cat']);
  p.frames(
    { type: 'profile', username: 'bob', display_name: 'Robert', avatar: '/avatars/bob' },
    { type: 'profile', username: 'ann', display_name: 'Ann', avatar: '/avatars/ann' },
  );
  assert.deepEqual([nameOf(p.state, 'bob'), p.state.me?.display_name], ['Robert', 'Ann']);
});

test('the page offers what protocol.md allows', () => {
  const may = (
    /** @type {any} */ mine,
    /** @type {any} */ theirs,
    /** @type {any} */ kind = 'public',
    admin = false,
  ) => {
    const p = page();
    const state = { ...p.state, me: { username: 'ann', admin } };
    const room = { ...p.room, name: 'rust', kind, role: mine };
    const over = rightsOver(state, room, { username: 'bob', role: theirs });
    return [
      mayModerate(state, room) && 'moderate',
      mayInvite(state, room) && 'invite',
      over.kick && 'kick',
      over.role && 'role',
    ]
      .filter(Boolean)
      .join(' ');
  };
  assert.equal(may('member', 'member'), 'invite');
  assert.equal(may('member', 'member', 'private'), '');
  assert.equal(may('moderator', 'member', 'private'), 'moderate invite kick');
  assert.equal(may('moderator', 'moderator'), 'moderate invite');
  assert.equal(may('owner', 'moderator'), 'moderate invite kick role');
  assert.equal(may('owner', 'owner'), 'moderate invite');
  assert.equal(may('member', 'member', 'public', true), 'moderate invite kick');
  assert.equal(may('member', 'member', 'direct', true), '');
});
