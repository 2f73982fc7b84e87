// A room opens at what is unread in it, however much that is.

import assert from 'node:assert/strict';
import test from 'node:test';
import { shown } from '../js/state/past.js';
import { toRows } from '../js/view/rows.js';
import { TIMELINE } from '../js/messages.js';
import { chats, page, welcome } from './support.js';

/** A page whose lobby has this many unread of 200 messages. @param {number} unread */
function unreadPage(unread) {
  const room = { room: 'lobby', last_seq: 200, read_seq: 200 - unread, unread, mentions: 0 };
  return page().frames({ ...welcome, rooms: [room] });
}

/** The kinds of rows with the numbers of messages. @param {any} room */
function rowsOf(room) {
  const about = { me: 'ann', personOf: () => undefined, changes: new Map(), blocked: new Set() };
  return toRows(room, about).map((row) => row.entry?.seq ?? row.kind);
}

/** Answers all history that is asked for from 200 messages. @param {any} p */
function answer(p) {
  for (const command of p.ask()) {
    if (command.type !== 'history') continue;
    const first = command.after === undefined ? 201 - command.limit : command.after + 1;
    const last = Math.min(200, first + command.limit - 1);
    p.frames({
      type: 'history',
      re: command.id,
      room: 'lobby',
      as_of: 200,
      messages: chats(first, last),
      more_before: first > 1,
      more_after: last < 200,
    });
  }
}

for (const unread of [1, 24, 25, 26, 60, 120]) {
  test(`${unread} unread messages: the line is before the first of them`, () => {
    const p = unreadPage(unread);
    answer(p);
    const rows = rowsOf(p.room);
    const line = rows.indexOf('new');
    assert.equal(rows[line + 1], 200 - unread + 1, rows.join(' '));
  });
}

test('while the first unread page is on its way, nothing else is shown', () => {
  const p = unreadPage(60);
  const latest = p.ask().find((command) => command.type === 'history' && !command.after);
  p.frames({
    type: 'history',
    re: latest.id,
    room: 'lobby',
    as_of: 200,
    messages: chats(176, 200),
    more_before: true,
  });
  assert.deepEqual(shown(p.room), []);
});

test('a room that was left behind opens at its first unread message too', () => {
  const p = page().open(chats(1, 20), 20, false);
  p.frames({
    ...welcome,
    rooms: [{ room: 'lobby', last_seq: 20, read_seq: 20 }, { room: 'rust' }],
  });
  p.intend('open', { room: 'rust' });
  p.frames(...chats(21, 150)).intend('open', { room: 'lobby' });
  const rows = rowsOf(p.room);
  assert.equal(rows[rows.indexOf('new') + 1], 21);
});

test('the button to the newest message counts the unread ones', () => {
  assert.equal(TIMELINE.jump(0), 'Jump to latest');
  assert.equal(TIMELINE.jump(1), '1 new message');
  assert.equal(TIMELINE.jump(120), '120 new messages');
});
