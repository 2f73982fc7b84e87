// What was written and has not been stored yet outlives a reload of this tab, and a log-in in between.
// The nonces are kept with it, so that nothing is sent twice.

const MESSAGES_MAX = 100;

/** @typedef {{room: string, nonce: string, text: string, ts: number, error?: string}} Unsent */

/** @param {import('./state.js').State} state */
export function saveOutbox(state) {
  if (state.screen !== 'chat') return;
  const unsent = [...state.rooms.values()].flatMap((room) => room.pending.filter((p) => p.status !== 'stored')
    .map(({ nonce, text, ts, error }) => ({ room: room.name, nonce, text, ts, error })));
  const key = keyOf(state.me.username);
  // Storage may be switched off or full; the messages then last as long as the page.
  try {
    if (unsent.length > 0) sessionStorage.setItem(key, JSON.stringify(unsent.slice(-MESSAGES_MAX)));
    else sessionStorage.removeItem(key);
  } catch { /* Said above. */ }
}

/** @param {string} username @returns {Unsent[]} */
export function loadOutbox(username) {
  try {
    const saved = JSON.parse(sessionStorage.getItem(keyOf(username)) ?? '[]');
    return Array.isArray(saved) ? saved.filter((item) => typeof item?.text === 'string' && typeof item.nonce === 'string' && typeof item.room === 'string') : [];
  } catch {
    return [];
  }
}

/** Who logs out leaves nothing unsent behind for the next person at this screen. @param {string} username */
export function forgetUnsent(username) {
  try {
    for (const key of Object.keys(sessionStorage)) {
      if (key === keyOf(username) || key.startsWith(`draft ${username} `)) sessionStorage.removeItem(key);
    }
  } catch { /* Then nothing was kept. */ }
}

/** @param {string} username */
const keyOf = (username) => `outbox ${username}`;
