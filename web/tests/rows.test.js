import assert from 'node:assert/strict';
import test from 'node:test';
import { emptyRoom } from '../js/state/room.js';
import { GROUP_MS_MAX, sameRow, toRows } from '../js/view/rows.js';

const NOON = new Date(2026, 4, 4, 12).getTime();
const message = (/** @type {string} */ username, /** @type {number} */ ts) => ({
  kind: 'message',
  key: `${username} ${ts}`,
  username,
  ts,
  text: 'x',
  replyTo: null,
  mentions: [],
  reactions: new Map(),
});
const about = {
  me: 'ann',
  personOf: (/** @type {string} */ _) => undefined,
  changes: new Map(),
  blocked: new Set(),
};

/**
 * Rows as short words.
 * @param {any[]} entries
 * @param {string[]} expected
 * @param {any[]} [pending]
 */
function check(entries, expected, pending = []) {
  const rows = toRows({ ...emptyRoom('lobby'), entries, pending }, about);
  assert.deepEqual(
    rows.map((row) =>
      row.kind === 'message'
        ? `${row.entry.username}${row.mine ? '!' : ''}${row.starts ? '<' : ''}${row.ends ? '>' : ''}`
        : row.kind,
    ),
    expected,
  );
  assert.equal(new Set(rows.map((row) => row.key)).size, rows.length, 'keys differ');
}

test('messages of one person stand together until someone else speaks or time passes', () => {
  check([], []);
  check(
    [
      message('bob', NOON),
      message('bob', NOON + 1),
      message('ann', NOON + 2),
      message('bob', NOON + 3),
    ],
    ['day', 'bob<', 'bob>', 'ann!<>', 'bob<>'],
  );
  check([message('bob', NOON), message('bob', NOON + GROUP_MS_MAX)], ['day', 'bob<>', 'bob<>']);
  check(
    [
      message('bob', NOON),
      { kind: 'system', key: 's', ts: NOON, event: 'topic', names: [], text: 't' },
      message('bob', NOON + 1),
    ],
    ['day', 'bob<>', 'system', 'bob<>'],
  );
});

test('a message that waits mentions the members, and marks nobody', () => {
  const people = new Map(['ann', 'bob'].map((name) => [name, /** @type {any} */ ({})]));
  const waiting = (/** @type {string} */ text) => ({ nonce: 'n', text, ts: NOON, replyTo: null });
  const rowOf = (/** @type {string} */ text) => {
    const pending = /** @type {any[]} */ ([waiting(text)]);
    return toRows({ ...emptyRoom('lobby'), people, pending }, about)[1];
  };
  assert.deepEqual(rowOf('hello @bob').entry.mentions, ['ann', 'bob']);
  assert.equal(rowOf('hello @bob').names, false);
  assert.deepEqual(rowOf('hello').entry.mentions, []);
});

test('messages and quotes of a blocked person are folded, and drawn again when that changes', () => {
  const entries = /** @type {any[]} */ ([
    { ...message('bob', NOON), seq: 1, text: 'rude' },
    { ...message('cleo', NOON + 1), seq: 2, replyTo: 1 },
  ]);
  const rowsWith = (/** @type {string[]} */ ...names) =>
    /** @type {any[]} */ (
      toRows({ ...emptyRoom('lobby'), entries }, { ...about, blocked: new Set(names) }).slice(1)
    );
  const [blocked, open] = [rowsWith('bob'), rowsWith()];
  assert.deepEqual(
    blocked.map((row) => row.blocked),
    [true, false],
  );
  assert.equal(blocked[1].quote.text, 'Blocked message');
  assert.equal(open[1].quote.text, 'rude');
  assert.deepEqual(
    open.map((row, at) => sameRow(row, blocked[at])),
    [false, false],
  );
});

test('each day has its line, and a group does not reach over it', () => {
  const midnight = new Date(2026, 4, 5).getTime();
  check([message('bob', midnight - 1), message('bob', midnight)], ['day', 'bob<>', 'day', 'bob<>']);
});

test('a message that waits comes last, in its group', () => {
  check(
    [message('ann', NOON)],
    ['day', 'ann!<', 'ann!>'],
    [{ nonce: 'n', text: 'hi', ts: NOON + 1, replyTo: null, status: 'queued' }],
  );
});

test('a row is drawn again only when it changed', () => {
  const room = {
    ...emptyRoom('lobby'),
    entries: [message('bob', NOON)],
    pending: [
      { nonce: 'n', text: 'hi', ts: NOON, replyTo: null, status: /** @type {const} */ ('queued') },
    ],
  };
  const rows = toRows(room, about);
  const again = toRows(room, about);
  assert.ok(rows.every((row, at) => sameRow(row, again[at])));
  const renamed = toRows(room, {
    ...about,
    personOf: (name) => (name === 'bob' ? { display_name: 'Bob' } : undefined),
  });
  assert.deepEqual(
    rows.map((row, at) => sameRow(row, renamed[at])),
    [true, false, true],
  );
});

const line = (
  /** @type {string} */ event,
  /** @type {string} */ name,
  /** @type {number} */ ts = NOON,
) => ({
  kind: /** @type {const} */ ('system'),
  key: `${event} ${name} ${ts}`,
  ts,
  text: `${name} did ${event}`,
  event,
  names: [name],
});

test('people who come and go one after the other share a line', () => {
  const rows = toRows(
    {
      ...emptyRoom('lobby'),
      entries: [
        line('joined_chat', 'ann'),
        line('joined_chat', 'bob'),
        line('left_chat', 'ann'),
        line('topic', 'ann'),
        line('joined', 'cat'),
      ],
    },
    about,
  );
  assert.deepEqual(
    rows.slice(1).map((row) => row.text),
    ['ann and bob joined the chat · ann left the chat', 'ann did topic', 'cat did joined'],
  );
  const crowd = toRows(
    {
      ...emptyRoom('lobby'),
      entries: ['a', 'b', 'c', 'd', 'e'].map((name) => line('joined', name)),
    },
    about,
  );
  assert.equal(crowd[1].text, 'a, b, c and 2 others joined');
});

test("the line of new messages is before the first unread one, and never before the user's own", () => {
  const at = (/** @type {number} */ seq, username = 'bob') => ({
    ...message(username, NOON + seq),
    seq,
  });
  const kinds = (/** @type {any[]} */ entries, /** @type {number|null} */ newFrom) =>
    toRows({ ...emptyRoom('lobby'), entries, newFrom }, about).map((row) => row.kind);
  assert.deepEqual(kinds([at(1), at(2), at(3)], 2), [
    'day',
    'message',
    'message',
    'new',
    'message',
  ]);
  assert.deepEqual(kinds([at(1), at(2)], 2), ['day', 'message', 'message']);
  assert.deepEqual(kinds([at(1), at(2, 'ann')], 1), ['day', 'message', 'message']);
  assert.deepEqual(kinds([at(1), at(2)], null), ['day', 'message', 'message']);
});

test('a change on its way is shown as it will be, and its row is drawn when it is answered', () => {
  const entry = { ...message('ann', NOON), seq: 4 };
  const room = { ...emptyRoom('lobby'), entries: [entry] };
  const kept = (/** @type {any} */ command) =>
    new Map([[4, [{ key: 'k', status: /** @type {const} */ ('sent'), command }]]]);
  const edited = toRows(room, {
    ...about,
    changes: kept({ type: 'edit', seq: 4, text: 'new' }),
  })[1];
  assert.deepEqual([edited.entry.text, edited.entry.change.status], ['new', 'sent']);
  const reacted = toRows(room, {
    ...about,
    changes: kept({ type: 'react', seq: 4, emoji: '👍', on: true }),
  })[1];
  assert.deepEqual(reacted.entry.reactions.get('👍'), { n: 1, me: true, who: ['ann'] });
  assert.ok(!sameRow(edited, toRows(room, about)[1]));
});

test('a reply shows the message that it quotes, if it is known', () => {
  const first = { ...message('bob', NOON), seq: 1, text: 'the question' };
  const reply = { ...message('cat', NOON + 1), seq: 2, replyTo: 1 };
  const row = toRows({ ...emptyRoom('lobby'), entries: [first, reply] }, about)[2];
  assert.deepEqual([row.quote.text, row.quoteName, row.starts], ['the question', 'bob', true]);
  assert.equal(toRows({ ...emptyRoom('lobby'), entries: [reply] }, about)[1].quote, null);
});
