// Joins the parts: inputs go into the state, what the state needs goes out by the connection, and the view is told.

import * as api from './api.js';
import { createConnection } from './connection.js';
import { needs } from './needs.js';
import { forgetUnsent, loadOutbox, saveOutbox } from './outbox.js';
import { initialState, reduce, resumePoints } from './state.js';
import { newNonce, withId } from './wire.js';

const SIGNED_OUT = 'You were signed out. Log in to go on.';

const START_RETRY_MS = 2_000;

/** @param {(state: import('./state.js').State) => void} onChange */
export function createSession(onChange) {
  let state = initialState();
  /** @type {ReturnType<typeof createConnection>|null} */ let connection = null;
  let lastId = 0;

  /** @param {any} input */
  function step(input) {
    const before = state;
    state = reduce(state, input);
    if (state === before) return;
    for (const question of needs(state)) ask(question);
    if (pendingOf(state) !== pendingOf(before)) saveOutbox(state);
    onChange(state);
  }

  /** @param {import('./needs.js').Question} question */
  function ask(question) {
    lastId += 1;
    const id = `w${lastId}`;
    const { command, ...kept } = question;
    if (connection?.send(withId(id, command))) state = reduce(state, { intent: 'asked', id, question: kept });
  }

  /** @param {any} me */
  function enter(me) {
    step({ intent: 'signedIn', me, outbox: loadOutbox(me.username) });
    connection?.end();
    connection = createConnection({
      resume: () => ({ log: state.log, points: resumePoints(state) }),
      onFrame: (frame) => step({ frame }),
      onLink: (link) => step({ intent: 'link', link }),
      onLogin: () => leave(SIGNED_OUT),
      isSignedOut: async () => (await api.me()).status === 401,
    });
  }

  /** @param {string} notice */
  function leave(notice) {
    connection?.end();
    connection = null;
    step({ intent: 'signedOut', notice });
  }

  return {
    async start() {
      let answer = await api.me();
      while (answer.status === 0 || answer.status >= 500) {
        step({ frame: { type: 'error', message: 'The server can\u2019t be reached. Trying again…' } });
        await new Promise((resolve) => setTimeout(resolve, START_RETRY_MS));
        answer = await api.me();
      }
      if (answer.ok) enter(answer);
      else leave(answer.status === 401 ? '' : answer.msg);
    },
    /** @param {'login'|'register'} how @param {string} username @param {string} password @returns {Promise<string>} what went wrong, or nothing */
    async signIn(how, username, password) {
      if (how === 'register') {
        const made = await api.register(username.trim(), password);
        if (!made.ok) return made.msg;
      }
      // A name from the demo's days may begin or end with a blank; a blank from a phone's keyboard may not count.
      let answer = await api.login(how === 'register' ? username.trim() : username, password);
      if (answer.status === 401 && username !== username.trim()) answer = await api.login(username.trim(), password);
      if (!answer.ok) return answer.msg;
      const me = await api.me();
      if (!me.ok) return me.status === 401 ? 'Your browser did not keep the log-in. Allow cookies for this site and try again.' : me.msg;
      enter(me);
      return '';
    },
    async signOut() {
      // The server may close the socket before it answers, so the name is taken first.
      const { username } = state.me ?? {};
      const answer = await api.logout();
      if (!answer.ok && answer.status !== 401) return step({ frame: { type: 'error', message: `You are still logged in. ${answer.msg}` } });
      leave('');
      forgetUnsent(username);
    },
    /** @param {string} text */
    send: (text) => step({ intent: 'send', room: state.current, text, nonce: newNonce(), ts: Date.now() }),
    /** @param {string} intent @param {any} [fields] */
    intend: (intent, fields = {}) => step({ intent, room: state.current, ...fields }),
    hurry: () => connection?.hurry(),
  };
}

/** A value that changes whenever something waiting to be sent does. @param {import('./state.js').State} state */
function pendingOf(state) {
  return [...state.rooms.values()].flatMap((room) => room.pending.map((p) => p.nonce + p.status)).join(' ');
}
