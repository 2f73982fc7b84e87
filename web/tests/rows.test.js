import assert from 'node:assert/strict';
import test from 'node:test';
import { emptyRoom } from '../js/room.js';
import { GROUP_MS_MAX, sameRow, toRows } from '../js/view/rows.js';

const NOON = new Date(2026, 4, 4, 12).getTime();
const message = (/** @type {string} */ username, /** @type {number} */ ts) => ({ kind: 'message', key: `${username} ${ts}`, username, ts, text: 'x', reactions: new Map() });

/** Rows as short words. @param {any[]} entries @param {string[]} expected @param {any[]} [pending] */
function check(entries, expected, pending = []) {
  const rows = toRows({ ...emptyRoom('lobby'), entries, pending }, { username: 'ann' });
  assert.deepEqual(rows.map((row) => (row.kind === 'message' ? `${row.entry.username}${row.mine ? '!' : ''}${row.starts ? '<' : ''}${row.ends ? '>' : ''}` : row.kind)), expected);
  assert.equal(new Set(rows.map((row) => row.key)).size, rows.length, 'keys differ');
}

test('messages of one person stand together until someone else speaks or time passes', () => {
  check([], []);
  check([message('bob', NOON), message('bob', NOON + 1), message('ann', NOON + 2), message('bob', NOON + 3)], ['day', 'bob<', 'bob>', 'ann!<>', 'bob<>']);
  check([message('bob', NOON), message('bob', NOON + GROUP_MS_MAX)], ['day', 'bob<>', 'bob<>']);
  check([message('bob', NOON), { kind: 'system', key: 's', ts: NOON }, message('bob', NOON + 1)], ['day', 'bob<>', 'system', 'bob<>']);
});

test('each day has its line, and a group does not reach over it', () => {
  const midnight = new Date(2026, 4, 5).getTime();
  check([message('bob', midnight - 1), message('bob', midnight)], ['day', 'bob<>', 'day', 'bob<>']);
});

test('what waits to be sent stands last, in its group', () => {
  check([message('ann', NOON)], ['day', 'ann!<', 'ann!>'], [{ nonce: 'n', text: 'hi', ts: NOON + 1, status: 'queued' }]);
});

test('a row is drawn again only when it changed', () => {
  const room = { ...emptyRoom('lobby'), entries: [message('bob', NOON)], pending: [{ nonce: 'n', text: 'hi', ts: NOON, status: /** @type {const} */ ('queued') }] };
  const rows = toRows(room, { username: 'ann' });
  const again = toRows(room, { username: 'ann' });
  assert.ok(rows.every((row, at) => sameRow(row, again[at])));
  const renamed = toRows({ ...room, people: new Map([['bob', { username: 'bob', display_name: 'Bob' }]]) }, { username: 'ann' });
  assert.deepEqual(rows.map((row, at) => sameRow(row, renamed[at])), [true, false, true]);
});
