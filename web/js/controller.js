// Joins the parts of the page: inputs go into the state, what the state needs goes out over the
// connection, and the view learns what changed. Start reading at `createController`.

import { createIdentity } from './identity.js';
import { createKeeper, loadKept, ownerOf } from './keeper.js';
import { NOT_CONNECTED, SIGNED_OUT } from './messages.js';
import * as api from './net/api.js';
import { createConnection } from './net/connection.js';
import { createRequests } from './requests.js';
import { holdsText } from './state/drafts.js';
import { initialState } from './state/initial.js';
import { needs } from './state/needs.js';
import { reduce, resumePoints } from './state/state.js';
import { idOf, newNonce, withId } from './wire.js';

/** @type {import('./wire.js').ErrorFrame} */
const AWAY = { type: 'error', code: 'unavailable', message: NOT_CONNECTED };
const TICK_MS = 1_000;
/** `typing` is repeated this often while somebody goes on; it holds for six seconds. */
const TYPING_EVERY_MS = 3_000;
/** The page takes over what other tabs left unsent if it still waits this long after `welcome`. */
const TAKE_OVER_AFTER_MS = 5_000;

/** @typedef {import('./state/initial.js').State} State */
/** @typedef {import('./state/initial.js').Me} Me */
/** @typedef {import('../types/inputs').Input} Input */
/** @typedef {import('../types/inputs').Intents} Intents */
/** @typedef {import('./wire.js').Command} Command */
/** @typedef {import('./wire.js').ServerFrame} ServerFrame */
/** @typedef {import('./wire.js').ChatFrame} ChatFrame */
/** @typedef {import('./requests.js').Outcome} Outcome */
/** @typedef {ReturnType<typeof createController>} Controller */
/**
 * @typedef {{
 *   onChange: (state: State) => void, onMessage: (frame: ChatFrame, state: State) => void,
 * }} Callbacks
 */

/** @param {Callbacks} callbacks */
export function createController(callbacks) {
  const core = createCore(callbacks);
  const identity = createIdentity(core);
  core.onSessionEnd(identity.endSession);
  setInterval(() => core.step({ intent: 'tick', now: Date.now() }), TICK_MS);

  return {
    state: core.state,
    start: identity.start,
    signIn: identity.signIn,
    signOut: identity.signOut,
    asMe: identity.asMe,
    hurry: core.hurry,
    query: core.query,
    ...createActions(core),
  };
}

/**
 * The state, the connection, and what is kept in the browser.
 * @param {Callbacks} callbacks
 */
function createCore({ onChange, onMessage }) {
  let state = initialState();
  const requests = createRequests();
  const keeper = createKeeper({ state: () => state, step, signedOutElsewhere });
  const receive = createReceiver({ state: () => state, step, requests, onMessage });
  const link = createLink({ state: () => state, step, receive, requests, signedOut });
  let endSession = () => {};

  /** @param {Input} input */
  function step(input) {
    const before = state;
    state = reduce(state, input);
    if (state === before) return;
    if (state.stranger) link.end();
    for (const { command, ...question } of needs(state)) {
      const id = requests.nextId();
      if (link.send(withId(id, command))) state = reduce(state, { intent: 'asked', id, question });
    }
    keeper.save(state, before);
    onChange(state);
  }

  /** @param {Me} me @param {import('./cache.js').Known} [known] */
  function enter(me, known) {
    const kept = known ? loadKept({ username: me.username, log: known.log }) : {};
    step({ intent: 'signedIn', me, known, kept });
    link.begin();
  }

  /** @param {string} notice */
  function leave(notice) {
    link.end();
    endSession();
    step({ intent: 'signedOut', notice });
  }

  function signedOut() {
    leave(SIGNED_OUT);
  }

  /** @param {string} username */
  function signedOutElsewhere(username) {
    if (state.me?.username !== username) return;
    leave(SIGNED_OUT);
  }

  return {
    state: () => state,
    step,
    enter,
    leave,
    requests,
    connectEarly: link.connectEarly,
    send: link.send,
    hurry: link.hurry,
    forget: keeper.forget,
    /** @param {() => void} run */
    onSessionEnd(run) {
      endSession = run;
    },
    /**
     * Gives a command that only reads.
     * @param {Command} command
     * @returns {Promise<ServerFrame>} the answer, or an error frame
     */
    query(command) {
      const id = requests.nextId();
      return new Promise((resolve) => {
        if (link.send(withId(id, command))) requests.ask(id, resolve);
        else resolve(AWAY);
      });
    },
  };
}

/**
 * Takes the frames of the connection: replies go to the requests that wait for them, all other
 * frames go into the state.
 * @param {{
 *   state: () => State, step: (input: Input) => void,
 *   requests: ReturnType<typeof createRequests>, onMessage: Callbacks['onMessage'],
 * }} core
 */
function createReceiver({ state, step, requests, onMessage }) {
  /**
   * Restores what this browser keeps, once `welcome` has said whose session it is.
   * @param {string|null} logBefore the id of the log that the state had before `welcome`
   */
  function restore(logBefore) {
    const { log, stranger } = state();
    const owner = ownerOf(state());
    if (!owner || stranger) return;
    if (log !== logBefore) step({ intent: 'restored', kept: loadKept(owner) });
    else setTimeout(takeOver, TAKE_OVER_AFTER_MS);
  }

  function takeOver() {
    const owner = ownerOf(state());
    if (owner) step({ intent: 'restored', kept: { ...loadKept(owner), drafts: [] } });
  }

  /** @param {string} key @param {ServerFrame} frame */
  function settle(key, frame) {
    const failed = state().commands.find((kept) => kept.key === key)?.status === 'failed';
    const isError = frame.type === 'error' || failed;
    const reason = frame.type === 'error' ? frame.message : '';
    requests.settle(key, { ok: !isError, msg: reason });
  }

  return (/** @type {ServerFrame} */ frame) => {
    if (requests.answer(frame)) return;
    const { log, asked, rooms } = state();
    const key = asked.get(idOf(frame))?.key ?? '';
    const held = frame.type === 'chat' && rooms.get(frame.room);
    const counted = held ? Math.max(held.countedSeq, held.heardSeq) : Infinity;
    step({ frame, now: Date.now() });
    if (frame.type === 'welcome') restore(log);
    if (key) settle(key, frame);
    const isNew = frame.type === 'chat' && frame.seq > counted;
    if (isNew && frame.username !== state().me?.username) onMessage(frame, state());
  };
}

/**
 * The connection of this page. Frames wait until the page knows who the user is.
 * @param {{
 *   state: () => State, step: (input: Input) => void, receive: (frame: ServerFrame) => void,
 *   requests: ReturnType<typeof createRequests>, signedOut: () => void,
 * }} core
 */
function createLink({ state, step, receive, requests, signedOut }) {
  /** @type {ReturnType<typeof createConnection>|null} */ let connection = null;
  /** @type {ServerFrame[]|null} */ let early = null;

  function connect() {
    connection?.end();
    connection = createConnection({
      resume: () => ({ log: state().log, points: resumePoints(state()) }),
      onFrame: (frame) => (early ? early.push(frame) : receive(frame)),
      onLink(link) {
        requests.abandon(AWAY);
        if (!early) step({ intent: 'link', link });
        else if (link.status === 'waiting') early.length = 0;
      },
      onSignedOut() {
        if (!early) signedOut();
      },
      isSignedOut: async () => (await api.me()).status === 401,
    });
  }

  return {
    connectEarly() {
      early = [];
      connect();
    },
    /** Goes on with the connection that was opened early, or opens one. */
    begin() {
      if (!early) return connect();
      const frames = early;
      early = null;
      frames.forEach(receive);
    },
    end() {
      connection?.end();
      connection = null;
      early = null;
    },
    /** @param {import('./wire.js').CommandFrame} frame @returns {boolean} whether it left */
    send: (frame) => connection?.send(frame) ?? false,
    hurry: () => connection?.hurry(),
  };
}

/**
 * The actions of the view.
 * @param {ReturnType<typeof createCore>} core
 */
function createActions({ state, step, requests, send }) {
  let typingSaid = 0;
  return {
    /**
     * Does what the user wants, in the open room where no other is named.
     * @template {keyof Intents} K
     * @param {K} intent
     * @param {import('../types/inputs').IntentFields<K>} [fields]
     */
    intend: (intent, fields) =>
      step(/** @type {Input} */ ({ intent, room: state().current, ...fields })),
    /** Sends the draft of the open room as this text. @param {string} text */
    send(text) {
      const { current, drafts } = state();
      const replyTo = drafts.get(current)?.reply?.seq ?? null;
      typingSaid = 0;
      step({ intent: 'send', room: current, text, replyTo, nonce: newNonce(), ts: Date.now() });
    },
    /**
     * Gives a command that changes something, and resolves with its outcome.
     * @param {Command} command
     * @param {{open?: boolean, quiet?: boolean}} [options]
     * @returns {Promise<Outcome>}
     */
    act(command, { open = false, quiet = false } = {}) {
      const key = newNonce();
      const takesNonce = !['dm', 'profile', 'block', 'unblock'].includes(command.type);
      const kept = { key, command: takesNonce ? { ...command, nonce: key } : command, open, quiet };
      return new Promise((resolve) => {
        requests.wait(key, resolve);
        step({ intent: 'command', kept });
        const isKept = state().commands.some((one) => one.key === key);
        if (!isKept) requests.settle(key, { ok: false, msg: state().notice });
      });
    },
    typing() {
      const now = Date.now();
      if (now - typingSaid < TYPING_EVERY_MS) return;
      if (send({ type: 'typing', room: state().current })) typingSaid = now;
    },
    /** Counts what the user wrote and the server does not have. */
    unsent() {
      const waiting = [...state().rooms.values()].flatMap((room) => room.pending);
      return {
        messages: waiting.filter((p) => p.status !== 'stored').length + state().commands.length,
        drafts: [...state().drafts.values()].filter(holdsText).length,
      };
    },
  };
}
