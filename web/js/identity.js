// Signs the user in and out, and checks that the browser's session is still theirs. Every tab of a
// browser shares one session cookie, so another tab may have changed it.

import { forgetCache, loadCache } from './cache.js';
import {
  COOKIE_REFUSED,
  OPENING_FAILED,
  OTHER_ACCOUNT_HERE,
  nowSignedInAs,
  otherAccount,
  stillSignedIn,
} from './messages.js';
import * as api from './net/api.js';
import { ownerOf } from './keeper.js';

const START_RETRY_MS = 2_000;
/** The session is extended this often while the page stays open. */
const RENEW_EVERY_MS = 12 * 60 * 60_000;

/** @typedef {import('./state/initial.js').State} State */
/** @typedef {import('./state/initial.js').Me} Me */
/** @template [T=unknown] @typedef {import('./net/api.js').Answer<T>} Answer */

/**
 * @param {{
 *   state: () => State, step: (input: import('../types/inputs').Input) => void,
 *   enter: (me: Me, known?: import('./cache.js').Known) => void,
 *   connectEarly: () => void, leave: (notice: string) => void, forget: (username: string) => void,
 * }} page
 */
export function createIdentity({ state, step, enter, connectEarly, leave, forget }) {
  /**
   * Runs an HTTP call in the name of this page's user. If the session belongs to another user by
   * now, nothing is sent.
   * @template T
   * @param {() => Promise<Answer<T>>} call
   * @returns {Promise<Answer<T>>}
   */
  async function asMe(call) {
    const username = state().me?.username;
    const me = await api.me();
    if (me.ok && me.username !== username) {
      step({ intent: 'stranger', username: me.username, message: otherAccount(me.username) });
      return { ok: false, status: 0, msg: OTHER_ACCOUNT_HERE };
    }
    return call();
  }

  async function meOnceReachable() {
    let answer = await api.me();
    while (answer.status === 0 || answer.status >= 500) {
      if (!state().me) step({ intent: 'notice', message: OPENING_FAILED });
      await new Promise((resolve) => setTimeout(resolve, START_RETRY_MS));
      answer = await api.me();
    }
    return answer;
  }

  setInterval(() => {
    if (state().screen === 'chat' && !state().stranger) asMe(api.me);
  }, RENEW_EVERY_MS);

  return {
    asMe,
    /** Shows the cache at once, and meanwhile asks the server who the user is. */
    async start() {
      const last = loadCache();
      if (last) enter(last.me, last.known);
      else connectEarly();
      const answer = await meOnceReachable();
      if (!answer.ok) return leave(answer.status === 401 ? '' : answer.msg);
      if (!last) return enter(answer);
      if (answer.username === last.me.username) return step({ intent: 'me', me: answer });
      enter(answer);
      step({ intent: 'notice', message: nowSignedInAs(answer.username, last.me.username) });
    },
    /**
     * @param {'login'|'register'} how
     * @param {string} username
     * @param {string} password
     * @returns {Promise<string>} what went wrong, or nothing
     */
    async signIn(how, username, password) {
      const answer = await (how === 'register' ? signUp : openSession)(username, password);
      if (!answer.ok) return answer.msg;
      const me = await api.me();
      if (!me.ok) return me.status === 401 ? COOKIE_REFUSED : me.msg;
      enter(me);
      return '';
    },
    /** Ends the session and removes what the browser keeps of the user. */
    async signOut() {
      // The server may close the socket before it answers, so the name is taken first.
      const username = state().me?.username ?? '';
      const answer = await asMe(api.logout);
      if (state().stranger) {
        forget(username);
        return location.reload();
      }
      if (!answer.ok && answer.status !== 401) {
        return step({ intent: 'notice', message: stillSignedIn(answer.msg) });
      }
      leave('');
      forget(username);
    },
    /** Forgets what may be read without a password; what the user wrote stays. */
    endSession() {
      if (ownerOf(state())) forgetCache(state());
    },
  };
}

/**
 * Makes an account and opens a session for it.
 * @param {string} username
 * @param {string} password
 * @returns {Promise<Answer>}
 */
async function signUp(username, password) {
  const trimmed = username.trim();
  const made = await api.register(trimmed, password);
  return made.ok ? api.login(trimmed, password) : made;
}

/**
 * Opens a session. Names of the FastAPI demo may begin or end with a space, so the name is tried as
 * it was typed; where it does not exist, the space came from a phone's keyboard.
 * @param {string} username
 * @param {string} password
 * @returns {Promise<Answer>}
 */
async function openSession(username, password) {
  const answer = await api.login(username, password);
  const trimmed = username.trim();
  if (answer.status !== 401 || username === trimmed) return answer;
  return api.login(trimmed, password);
}
