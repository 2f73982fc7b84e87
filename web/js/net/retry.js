// Decides when to connect again after a socket closed: the table of close codes, and the backoff.
// Pure.

import {
  BANNED_FROM_SERVER,
  OTHER_VERSION,
  RELOAD_FOR_VERSION,
  RELOAD_TOO_BIG,
} from '../messages.js';

export const BACKOFF_MS_FIRST = 500;
export const BACKOFF_MS_MAX = 30_000;
const MINUTE_MS = 60_000;

/** Codes after which trying again as we are cannot help. @type {Record<number, string>} */
const FINAL = {
  1002: RELOAD_FOR_VERSION,
  1003: RELOAD_FOR_VERSION,
  1007: RELOAD_FOR_VERSION,
  1009: RELOAD_TOO_BIG,
  4400: RELOAD_FOR_VERSION,
  4403: BANNED_FROM_SERVER,
  4406: OTHER_VERSION,
};

/**
 * Decides what follows a close. `attempt` counts from 0 and starts over after a welcome.
 * @param {{code: number, attempt: number, random: number, byeMs: number|null}} closed
 * @returns {{action: 'retry', afterMs: number}|{action: 'sign-in'}
 *   |{action: 'stop', message: string}}
 */
export function afterClose({ code, attempt, random, byeMs }) {
  if (code === 4401) return { action: 'sign-in' };
  if (Object.hasOwn(FINAL, code)) return { action: 'stop', message: FINAL[code] };
  // The first retry comes at once; later ones back off.
  if ((code === 4408 || code === 4413) && attempt === 0) return { action: 'retry', afterMs: 0 };
  if (code === 4429 || code === 4409) {
    return { action: 'retry', afterMs: MINUTE_MS + random * 5000 };
  }
  if (code === 1001 && byeMs !== null) return { action: 'retry', afterMs: Math.max(0, byeMs) };
  const ceiling = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_FIRST * 2 ** Math.min(attempt, 10));
  return { action: 'retry', afterMs: ceiling / 2 + (random * ceiling) / 2 };
}
