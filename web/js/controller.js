// Joins the parts: inputs go into the state, what the state needs goes out by the connection, and the view is told.

import { forgetKnown, loadKnown, saveKnown } from './cache.js';
import * as api from './net/api.js';
import { createConnection } from './net/connection.js';
import { forgetUnsent, loadOutbox, saveOutbox, waitsOther } from './pending.js';
import { initialState } from './state/initial.js';
import { needs } from './state/needs.js';
import { reduce, resumePoints } from './state/state.js';
import { newNonce, withId } from './wire.js';

const SIGNED_OUT = 'You were signed out. Log in to go on.';
const AWAY = { type: 'error', message: 'You are not connected. Try again in a moment.' };
const START_RETRY_MS = 2_000;
const SAVE_EVERY_MS = 5_000;
const TICK_MS = 1_000;
/** Said again while someone goes on writing; it holds for six seconds. */
const TYPING_EVERY_MS = 3_000;

/** @typedef {import('./state/initial.js').State} State */
/** @typedef {ReturnType<typeof createController>} Controller */

/**
 * @param {{onChange: (state: State) => void, onMessage: (frame: any, state: State) => void}} callbacks
 */
export function createController({ onChange, onMessage }) {
  let state = initialState();
  /** @type {ReturnType<typeof createConnection>|null} */ let connection = null;
  /** @type {State|null} */ let saved = null;
  let lastId = 0;
  /** @type {Map<string, (frame: any) => void>} */ const queries = new Map();
  /** @type {Map<string, (answer: {ok: boolean, msg: string}) => void>} */ const waiting =
    new Map();
  let typingSaid = 0;
  /** What came before we knew who we are; the connection does not wait for that. @type {any[]|null} */ let early =
    null;

  /** @param {any} input */
  function step(input) {
    const before = state;
    state = reduce(state, input);
    if (state === before) return;
    for (const need of needs(state)) ask(need);
    if (waitsOther(state, before)) saveOutbox(state);
    onChange(state);
  }

  /** @param {import('./state/needs.js').Need} need */
  function ask(need) {
    const id = nextId();
    const { command, ...question } = need;
    if (connection?.send(withId(id, command))) {
      state = reduce(state, { intent: 'asked', id, question });
    }
  }

  function nextId() {
    lastId += 1;
    return `w${lastId}`;
  }

  /** @param {any} frame */
  function receive(frame) {
    const query = queries.get(frame.re);
    if (query) {
      queries.delete(frame.re);
      return query(frame);
    }
    const key = state.asked.get(frame.re)?.key ?? '';
    const isNew =
      frame.type === 'chat' && frame.seq > (state.rooms.get(frame.room)?.countedSeq ?? Infinity);
    step({ frame, now: Date.now() });
    const failed = state.commands.find((kept) => kept.key === key)?.status === 'failed';
    if (key) {
      settle(
        key,
        frame.type === 'error' || failed
          ? { ok: false, msg: frame.message ?? '' }
          : { ok: true, msg: '' },
      );
    }
    if (isNew && frame.username !== state.me?.username) onMessage(frame, state);
  }

  /** @param {string} key @param {{ok: boolean, msg: string}} answer */
  function settle(key, answer) {
    waiting.get(key)?.(answer);
    waiting.delete(key);
  }

  /** @param {any} me @param {any} [known] */
  function enter(me, known) {
    step({ intent: 'signedIn', me, known, ...loadOutbox(me.username) });
    if (!early) return connect();
    const frames = early;
    early = null;
    frames.forEach(receive);
  }

  function connect() {
    connection?.end();
    connection = createConnection({
      resume: () => ({ log: state.log, points: resumePoints(state) }),
      onFrame: (frame) => (early ? early.push(frame) : receive(frame)),
      onLink(link) {
        for (const answer of queries.values()) answer(AWAY);
        queries.clear();
        if (!early) step({ intent: 'link', link });
        else if (link.status === 'waiting') early.length = 0;
      },
      onLogin: () => {
        if (!early) leave(SIGNED_OUT);
      },
      isSignedOut: async () => (await api.me()).status === 401,
    });
  }

  function save() {
    if (state === saved) return;
    saved = state;
    saveKnown(state);
  }

  /** @param {string} notice */
  function leave(notice) {
    connection?.end();
    connection = null;
    early = null;
    forgetKnown();
    step({ intent: 'signedOut', notice });
  }

  setInterval(() => step({ intent: 'tick', now: Date.now() }), TICK_MS);
  setInterval(save, SAVE_EVERY_MS);
  addEventListener('pagehide', save);

  return {
    /** What is known is shown at once; the server says meanwhile who this is. */
    async start() {
      const last = loadKnown();
      if (last) enter(last.me, last.known);
      else {
        early = [];
        connect();
      }
      let answer = await api.me();
      while (answer.status === 0 || answer.status >= 500) {
        if (!last) {
          step({ intent: 'notice', message: 'The server can\u2019t be reached. Trying again…' });
        }
        await new Promise((resolve) => setTimeout(resolve, START_RETRY_MS));
        answer = await api.me();
      }
      if (!answer.ok) return leave(answer.status === 401 ? '' : answer.msg);
      if (!last) return enter(answer);
      return answer.username === last.me.username
        ? step({ intent: 'me', me: answer })
        : enter(answer);
    },
    /**
     * @param {'login'|'register'} how
     * @param {string} username
     * @param {string} password
     * @returns {Promise<string>} what went wrong, or nothing
     */
    async signIn(how, username, password) {
      if (how === 'register') {
        const made = await api.register(username.trim(), password);
        if (!made.ok) return made.msg;
      }
      // A name from the demo's days may begin or end with a blank; a blank from a phone's keyboard may not count.
      let answer = await api.login(how === 'register' ? username.trim() : username, password);
      if (answer.status === 401 && username !== username.trim()) {
        answer = await api.login(username.trim(), password);
      }
      if (!answer.ok) return answer.msg;
      const me = await api.me();
      if (!me.ok) {
        return me.status === 401
          ? 'Your browser did not keep the log-in. Allow cookies for this site and try again.'
          : me.msg;
      }
      enter(me);
      return '';
    },
    async signOut() {
      // The server may close the socket before it answers, so the name is taken first.
      const username = state.me?.username ?? '';
      const answer = await api.logout();
      if (!answer.ok && answer.status !== 401) {
        return step({ intent: 'notice', message: `You are still logged in. ${answer.msg}` });
      }
      leave('');
      forgetUnsent(username);
    },
    /** @param {string} text */
    send(text) {
      const replyTo = state.reply?.how === 'reply' ? state.reply.seq : null;
      typingSaid = 0;
      step({
        intent: 'send',
        room: state.current,
        text,
        replyTo,
        nonce: newNonce(),
        ts: Date.now(),
      });
    },
    /** @param {string} intent @param {any} [fields] */
    intend: (intent, fields = {}) => step({ intent, room: state.current, ...fields }),
    /**
     * Gives a command that changes something, and says what came of it.
     * @param {import('./wire.js').Command} command
     * @param {{open?: boolean, quiet?: boolean}} [options]
     * @returns {Promise<{ok: boolean, msg: string}>}
     */
    act(command, { open = false, quiet = false } = {}) {
      const key = newNonce();
      const takesNonce = !['dm', 'profile'].includes(command.type);
      return new Promise((resolve) => {
        waiting.set(key, resolve);
        step({
          intent: 'command',
          kept: { key, command: takesNonce ? { ...command, nonce: key } : command, open, quiet },
        });
        if (!state.commands.some((kept) => kept.key === key)) {
          settle(key, { ok: false, msg: state.notice });
        }
      });
    },
    /**
     * Asks for something to look at.
     * @param {import('./wire.js').Command} command
     * @returns {Promise<any>} the answer, or an error frame
     */
    query(command) {
      const id = nextId();
      return new Promise((resolve) => {
        if (connection?.send(withId(id, command))) queries.set(id, resolve);
        else resolve(AWAY);
      });
    },
    typing() {
      const now = Date.now();
      if (now - typingSaid < TYPING_EVERY_MS) return;
      if (connection?.send({ type: 'typing', room: state.current })) typingSaid = now;
    },
    hurry: () => connection?.hurry(),
    state: () => state,
  };
}
