import assert from 'node:assert/strict';
import test from 'node:test';
import { BACKOFF_MS_FIRST, BACKOFF_MS_MAX, afterClose } from '../js/net/retry.js';

/** @param {any} closed */
const after = (closed) =>
  afterClose({ code: 1006, attempt: 0, random: 0.5, byeMs: null, ...closed });

test('each close code has its answer', () => {
  assert.deepEqual(after({ code: 4401 }), { action: 'sign-in' });
  for (const code of [1002, 1003, 1007, 1009, 4400, 4403, 4406]) {
    const decision = after({ code });
    assert.equal(decision.action, 'stop', String(code));
    assert.match(decision.message, /\w\.$/);
  }
  assert.deepEqual(after({ code: 4408 }), { action: 'retry', afterMs: 0 });
  assert.deepEqual(after({ code: 4413 }), { action: 'retry', afterMs: 0 });
  assert.ok(after({ code: 4413, attempt: 1 }).afterMs > 0);
  for (const code of [4409, 4429]) assert.ok(after({ code }).afterMs >= 60_000);
  assert.deepEqual(after({ code: 1001, byeMs: 1500 }), { action: 'retry', afterMs: 1500 });
  for (const code of [1000, 1001, 1006, 1011, 1012]) {
    assert.equal(after({ code }).action, 'retry', String(code));
  }
});

test('waits grow, are spread, and stay under their bound', () => {
  const waits = Array.from({ length: 40 }, (_, attempt) => after({ attempt, random: 1 }).afterMs);
  assert.equal(waits[0], BACKOFF_MS_FIRST);
  assert.equal(Math.max(...waits), BACKOFF_MS_MAX);
  for (let at = 1; at < waits.length; at += 1) assert.ok(waits[at] >= waits[at - 1]);
  assert.equal(
    after({ attempt: 3, random: 0 }).afterMs,
    after({ attempt: 3, random: 1 }).afterMs / 2,
  );
});
