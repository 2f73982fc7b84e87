import assert from 'node:assert/strict';
import test from 'node:test';
import { WINDOW_MAX, shown } from '../js/state/past.js';
import { LIVE_KEPT } from '../js/state/room.js';
import { chat, chats, page } from './support.js';

const TIP = 1000;
const seqs = (/** @type {any} */ room) => shown(room).map((entry) => entry.seq);
/** A run of numbers without a hole. @param {any} room */
function dense(room) {
  const all = seqs(room);
  assert.deepEqual(
    all,
    all.map((_, at) => (all[0] ?? 0) + at),
  );
  assert.ok(all.length <= WINDOW_MAX + 50, `${all.length} entries`);
  return [all[0], all.at(-1)];
}

const atTip = () => page().open(chats(TIP - 49, TIP), TIP, true);

test('a reader goes to the first message and back through a window that stays small', () => {
  const p = atTip();
  for (let turns = 0; p.intend('older').turn(TIP) && turns < 100; turns += 1) dense(p.room);
  assert.equal(dense(p.room)[0], 1);
  assert.equal(p.room.past.moreBefore, false);
  assert.ok(p.room.entries.length <= WINDOW_MAX, 'the live end stays small too');
  for (let turns = 0; p.room.past && turns < 100; turns += 1) {
    p.intend('newer').turn(TIP);
    dense(p.room);
  }
  assert.equal(dense(p.room)[1], TIP);
  assert.equal(p.room.past, null, 'the window is the live end again');
});

test('a message that comes meanwhile goes to the live end, and is there when the reader comes back', () => {
  const p = atTip();
  for (let turns = 0; turns < 5; turns += 1) p.intend('older').turn(TIP);
  const before = seqs(p.room);
  p.frames(chat(TIP + 1), chat(TIP + 2));
  assert.deepEqual(seqs(p.room), before, 'what is read stays as it is');
  p.intend('toEnd');
  assert.equal(dense(p.room)[1], TIP + 2);
});

test('changes reach the window and the live end', () => {
  const p = atTip().intend('jump', { seq: 300 });
  p.turn(TIP);
  const edit = (/** @type {number} */ seq, /** @type {number} */ target) => ({
    type: 'edited',
    room: 'lobby',
    seq,
    ts: 1,
    target,
    username: 'bob',
    message: 'new',
  });
  p.frames(edit(TIP + 1, 300), edit(TIP + 2, TIP));
  assert.equal(shown(p.room).find((/** @type {any} */ entry) => entry.seq === 300)?.text, 'new');
  assert.equal(p.room.entries.find((/** @type {any} */ entry) => entry.seq === TIP).text, 'new');
});

test('a jump shows the message among its neighbours, at once where it is loaded', () => {
  const p = atTip().intend('jump', { seq: 990 });
  assert.deepEqual([p.room.past, p.room.target.seq], [null, 990]);
  p.intend('jump', { seq: 400 });
  const asked = p.turn(TIP);
  assert.equal(asked.around, 400);
  const [first, last] = dense(p.room);
  assert.ok(Number(first) < 400 && Number(last) > 400);
  assert.equal(p.room.target.seq, 400);
  p.intend('jump', { seq: 999 });
  assert.deepEqual([p.room.past, p.room.target.seq], [null, 999], 'from the past to the live end');
});

test('a jump near the end joins the live end', () => {
  const p = atTip();
  for (let seq = TIP + 1; seq <= TIP + 60; seq += 1) p.frames(chat(seq));
  p.intend('jump', { seq: TIP - 60 }).turn(TIP + 60);
  assert.equal(p.room.target.seq, TIP - 60);
  const [, last] = dense(p.room);
  assert.equal(p.room.past, null);
  assert.equal(last, TIP + 60);
});

test('a jump to a message that is gone says so', () => {
  const p = atTip().intend('jump', { seq: 400 });
  const ask = p.ask().find((command) => command.type === 'history');
  p.frames({
    type: 'history',
    re: ask.id,
    room: 'lobby',
    as_of: TIP,
    messages: [],
    more_before: false,
    more_after: false,
  });
  assert.equal(p.room.past.status, 'failed');
  assert.equal(p.intend('toEnd').room.past, null);
});

test('the live end stays short for a reader who follows it, and in place for one further up', () => {
  const follows = atTip();
  for (let seq = TIP + 1; seq <= TIP + WINDOW_MAX; seq += 1) follows.frames(chat(seq));
  follows.intend('trim', { following: true });
  assert.deepEqual(
    [seqs(follows.room).length, follows.room.past, follows.room.moreBefore],
    [LIVE_KEPT, null, true],
  );
  const reads = atTip();
  for (let seq = TIP + 1; seq <= TIP + WINDOW_MAX; seq += 1) reads.frames(chat(seq));
  reads.intend('trim', { following: false });
  assert.deepEqual([seqs(reads.room)[0], seqs(reads.room).length], [TIP - 49, WINDOW_MAX]);
  assert.ok(reads.room.past);
});

test('pages that were asked for before the line broke are asked for again', () => {
  const p = atTip().intend('jump', { seq: 400 });
  p.ask();
  p.drop().frames({ type: 'welcome', log: 'L', rooms: [{ room: 'lobby', last_seq: TIP }] });
  assert.equal(p.turn(TIP).around, 400);
});

test('another log drops the window', () => {
  const p = atTip().intend('jump', { seq: 400 });
  p.turn(TIP);
  p.drop().frames({ type: 'welcome', log: 'M', rooms: [{ room: 'lobby', last_seq: 3 }] });
  assert.deepEqual([p.room.past, p.room.entries, p.room.history], [null, [], 'wanted']);
});
