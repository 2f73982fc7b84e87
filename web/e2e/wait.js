// Waits for what a later frame, draw or change of focus brings about. A test that reads such a
// thing once depends on the speed of the machine.

import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

/** No test is meant to take so long: the limit only ends one that would wait for ever. */
const WAIT_MS_MAX = 45_000;
const LOOK_EVERY_MS = 30;

/**
 * Waits until `read` gives the expected value. The test fails with the difference if it never does.
 * A read that fails counts as not yet: two elements may match for a moment, or the page may be
 * loading.
 * @template T
 * @param {() => Promise<T>} read
 * @param {T} expected
 * @param {string} [message]
 */
export async function becomes(read, expected, message) {
  const end = Date.now() + WAIT_MS_MAX;
  for (;;) {
    const isLast = Date.now() >= end;
    const value = await read().catch((error) => {
      if (isLast) throw error;
      return undefined;
    });
    if (isDeepStrictEqual(value, expected)) return;
    if (isLast) assert.deepEqual(value, expected, message);
    await pause(LOOK_EVERY_MS);
  }
}

/**
 * Waits until a condition holds. The test fails with the message if it never does.
 * @param {() => Promise<boolean>} holds
 * @param {string} message
 */
export const until = (holds, message) => becomes(async () => Boolean(await holds()), true, message);
