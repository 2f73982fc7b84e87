// Keeps a WebSocket open: says hello, notices a dead line, and reconnects by the rules of
// `retry.js`. The frames that it carries are in `wire.js`. Start reading at `createConnection`.

import { afterClose } from './retry.js';
import { hello, parse, ping } from '../wire.js';

const HEARTBEAT_MS = 30_000;
/** A ping that is not answered for this long means a dead line, whatever the browser says. */
const PONG_MS_MAX = 8_000;
/** A server that sends no welcome for this long is tried again. */
const WELCOME_MS_MAX = 15_000;
/** The close code of a line that broke without a closing frame. */
const CLOSED_ABNORMALLY = 1006;

/** @typedef {import('../wire.js').CommandFrame} CommandFrame */
/** @typedef {import('../wire.js').ServerFrame} ServerFrame */
/** @typedef {ReturnType<typeof setTimeout>|undefined} Timer */
/**
 * @typedef {{
 *   status: 'connecting'|'waiting'|'stopped', retryAt?: number, message?: string,
 * }} Link
 */

/**
 * Opens a connection and keeps it open until `end` is called or the server stops it.
 *
 *   connecting --open, hello--> waits for welcome --welcome--> welcomed
 *       ^                              |                          |
 *       |                 close or late welcome         close or late pong
 *       |                              v                          |
 *       +---- retry timer, hurry --- waiting <--------------------+
 *
 * A close after which trying again cannot help leads to `stopped` or to `onSignedOut` instead.
 * @param {{
 *   resume: () => {log: string|null, points: Record<string, number>},
 *   onFrame: (frame: ServerFrame) => void,
 *   onLink: (link: Link) => void,
 *   onSignedOut: () => void,
 *   isSignedOut: () => Promise<boolean>,
 * }} callbacks
 */
export function createConnection(callbacks) {
  /** @type {WebSocket|null} */ let socket = null;
  let welcomed = false;
  let attempt = 0;
  let ended = false;
  /** @type {number|null} */ let byeMs = null;
  /** @type {Timer} */ let retryTimer;
  const watchdog = createWatchdog(() => send(ping('alive')), drop);

  function connect() {
    clearTimeout(retryTimer);
    if (ended || socket) return;
    callbacks.onLink({ status: 'connecting' });
    // A socket that was replaced has no effect any more.
    const opened = openSocket({
      resume: callbacks.resume,
      onMessage: (frame) => socket === opened && receive(frame),
      onClose: (code, reached) => socket === opened && closed(code, reached),
    });
    socket = opened;
    welcomed = false;
    byeMs = null;
    watchdog.expect(WELCOME_MS_MAX);
  }

  /** @param {ServerFrame|null} frame null for a message that is no frame */
  function receive(frame) {
    if (frame?.type === 'welcome') {
      welcomed = true;
      attempt = 0;
    }
    // Any message shows that the line lives.
    if (welcomed) watchdog.heard();
    if (!frame) return;
    if (frame.type === 'bye') byeMs = frame.reconnect_after_ms ?? null;
    callbacks.onFrame(frame);
  }

  /** @param {number} code @param {boolean} reached whether the socket was ever open */
  async function closed(code, reached) {
    watchdog.stop();
    socket = null;
    const decision = afterClose({ code, attempt, random: Math.random(), byeMs });
    attempt += 1;
    if (decision.action === 'sign-in') return callbacks.onSignedOut();
    if (decision.action === 'stop') {
      return callbacks.onLink({ status: 'stopped', message: decision.message });
    }
    callbacks.onLink({ status: 'waiting', retryAt: Date.now() + decision.afterMs });
    retryTimer = setTimeout(connect, decision.afterMs);
    // A browser hides why the server rejected an upgrade, so the page asks for its session.
    if (!reached && (await callbacks.isSignedOut()) && !ended && !socket) {
      clearTimeout(retryTimer);
      callbacks.onSignedOut();
    }
  }

  /** Gives up a line that no longer answers, without waiting for the browser to close it. */
  function drop() {
    if (!socket) return;
    socket.close();
    closed(CLOSED_ABNORMALLY, true);
  }

  /** @param {CommandFrame} frame @returns {boolean} whether the frame was sent */
  function send(frame) {
    if (!socket || !welcomed || socket.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(frame));
    return true;
  }

  /** Connects or checks the line at once, because the user or the machine came back. */
  function hurry() {
    if (ended) return;
    if (socket) watchdog.probe();
    else connect();
  }

  const ignoreReturns = onReturn(hurry);
  connect();

  return {
    hurry,
    send,
    end() {
      ended = true;
      clearTimeout(retryTimer);
      watchdog.stop();
      ignoreReturns();
      const last = socket;
      socket = null;
      last?.close(1000);
    },
  };
}

/**
 * Pings a line that has been silent, and calls `onDead` when an expected message is late. One timer
 * runs at a time, so each call replaces what was waited for before.
 * @param {() => boolean} sendPing whether the ping was sent
 * @param {() => void} onDead
 */
function createWatchdog(sendPing, onDead) {
  /** @type {Timer} */ let timer;

  /** @param {number} ms @param {() => void} run */
  function after(ms, run) {
    clearTimeout(timer);
    timer = setTimeout(run, ms);
  }

  function probe() {
    if (sendPing()) after(PONG_MS_MAX, onDead);
  }

  return {
    probe,
    /** Waits this long for a message. @param {number} ms */
    expect: (ms) => after(ms, onDead),
    /** A message came: the line is alive. */
    heard: () => after(HEARTBEAT_MS, probe),
    stop: () => clearTimeout(timer),
  };
}

/**
 * Opens a socket to the page's own host and says hello on it.
 * @param {{
 *   resume: () => {log: string|null, points: Record<string, number>},
 *   onMessage: (frame: ServerFrame|null) => void,
 *   onClose: (code: number, reached: boolean) => void,
 * }} callbacks `onMessage` gets null for a message that is no frame
 */
function openSocket({ resume, onMessage, onClose }) {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  const socket = new WebSocket(`${scheme}://${location.host}/ws`);
  let reached = false;
  socket.onopen = () => {
    reached = true;
    const { log, points } = resume();
    socket.send(JSON.stringify(hello(log, points)));
  };
  socket.onmessage = ({ data }) => onMessage(typeof data === 'string' ? parse(data) : null);
  socket.onclose = ({ code }) => onClose(code, reached);
  return socket;
}

/**
 * Runs when the network is back or the tab is visible again.
 * @param {() => void} run
 * @returns {() => void} stops that
 */
function onReturn(run) {
  const onVisible = () => document.visibilityState === 'visible' && run();
  addEventListener('online', run);
  document.addEventListener('visibilitychange', onVisible);
  return () => {
    removeEventListener('online', run);
    document.removeEventListener('visibilitychange', onVisible);
  };
}
