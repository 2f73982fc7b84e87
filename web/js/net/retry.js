// When to connect again after a socket closed. Pure: the table of close codes and the backoff.

export const BACKOFF_MS_FIRST = 500;
export const BACKOFF_MS_MAX = 30_000;
const MINUTE_MS = 60_000;

/** Codes after which trying again as we are cannot help. @type {Record<number, string>} */
const FINAL = {
  1002: 'The server did not understand this page. Reload it to get the current version.',
  1003: 'The server did not understand this page. Reload it to get the current version.',
  1007: 'The server did not understand this page. Reload it to get the current version.',
  1009: 'Something sent from this page was too big. Reload it and send less at a time.',
  4400: 'The server did not understand this page. Reload it to get the current version.',
  4403: 'You are banned from this server. Ask its admin if you think this is a mistake.',
  4406: 'This page is older or newer than the server. Reload it to get the current version.',
};

/**
 * @param {{code: number, attempt: number, random: number, byeMs: number|null}} closed attempt counts from 0 and starts over once a connection was welcomed
 * @returns {{action: 'retry', afterMs: number}|{action: 'login'}|{action: 'stop', message: string}}
 */
export function afterClose({ code, attempt, random, byeMs }) {
  if (code === 4401) return { action: 'login' };
  if (Object.hasOwn(FINAL, code)) return { action: 'stop', message: FINAL[code] };
  // The first try is at once; a server that refuses again and again is not hammered.
  if ((code === 4408 || code === 4413) && attempt === 0) return { action: 'retry', afterMs: 0 };
  if (code === 4429 || code === 4409) {
    return { action: 'retry', afterMs: MINUTE_MS + random * 5000 };
  }
  if (code === 1001 && byeMs !== null) return { action: 'retry', afterMs: Math.max(0, byeMs) };
  const ceiling = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_FIRST * 2 ** Math.min(attempt, 10));
  return { action: 'retry', afterMs: ceiling / 2 + (random * ceiling) / 2 };
}
