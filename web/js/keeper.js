// Keeps what the user wrote and what the page knows in the browser, and follows what other tabs of
// the same user do there.

import { saveCache } from './cache.js';
import { loadDrafts, readDraft, saveDrafts } from './drafts.js';
import { loadPending, savePending } from './pending.js';
import { forgetUser, parsed, readOwnedKey, writeKept } from './storage.js';

const CACHE_EVERY_MS = 5_000;
/** The key that is written when a user signs out, so that every tab removes their data. */
const SIGNED_OUT = 'signed-out';

/** @typedef {import('./state/initial.js').State} State */
/** @typedef {import('./storage.js').Owner} Owner */

/**
 * The user and the log that the state belongs to, once both are known.
 * @param {State} state
 * @returns {Owner|null}
 */
export function ownerOf({ me, log, screen }) {
  return screen === 'chat' && me && log ? { username: me.username, log } : null;
}

/**
 * Reads everything that the browser keeps for an owner.
 * @param {Owner} owner
 */
export function loadKept(owner) {
  return { drafts: loadDrafts(owner), ...loadPending(owner) };
}

/**
 * @param {{
 *   state: () => State, step: (input: any) => void, signedOutElsewhere: (username: string) => void,
 * }} page
 */
export function createKeeper({ state, step, signedOutElsewhere }) {
  /** @type {State|null} */ let cached = null;

  function cache() {
    if (state() === cached) return;
    cached = state();
    saveCache(cached);
  }

  /** @param {StorageEvent} event what another tab wrote */
  function onStorage({ key, newValue }) {
    if (key === SIGNED_OUT) {
      const username = parsed(newValue)?.username;
      if (typeof username !== 'string') return;
      forgetUser(username);
      signedOutElsewhere(username);
      return;
    }
    const owned = key ? readOwnedKey(key) : null;
    const owner = ownerOf(state());
    if (!owned || owned.owner.username !== owner?.username || owned.owner.log !== owner.log) return;
    // The user writes in the tab with the focus, which keeps its own draft.
    if (owned.kind === 'draft' && !document.hasFocus()) {
      step({ intent: 'draftElsewhere', room: owned.name, draft: readDraft(parsed(newValue)) });
    }
    if (owned.kind === 'pending' && newValue === null) {
      step({ intent: 'goneElsewhere', nonce: owned.name });
    }
    if (owned.kind === 'command' && newValue === null) {
      step({ intent: 'discardCommand', key: owned.name });
    }
  }

  setInterval(cache, CACHE_EVERY_MS);
  addEventListener('pagehide', cache);
  addEventListener('storage', onStorage);

  return {
    /** @param {State} now @param {State} before */
    save(now, before) {
      const owner = ownerOf(now);
      if (!owner) return;
      const earlier = ownerOf(before);
      const isSame = earlier?.username === owner.username && earlier.log === owner.log;
      savePending(now, isSame ? before : null, owner);
      saveDrafts(now, isSame ? before : null, owner);
    },
    /** Removes everything of a user, here and in every other tab. @param {string} username */
    forget(username) {
      forgetUser(username);
      writeKept('localStorage', SIGNED_OUT, JSON.stringify({ username, at: Date.now() }));
    },
  };
}
