// The WebSocket: keeps one open, says hello, notices a dead line, and reconnects by the rules of
// `retry.js`. The frames that it carries are in `wire.js`.

import { afterClose } from './retry.js';
import { hello, parse, ping } from '../wire.js';

const HEARTBEAT_MS = 30_000;
/** An answer to a ping that takes longer means that the line is dead, whatever the browser says. */
const PONG_MS_MAX = 8_000;
/** A server that takes longer to say welcome is tried again. */
const WELCOME_MS_MAX = 15_000;

/**
 * @typedef {{
 *   status: 'connecting'|'waiting'|'stopped', retryAt?: number, message?: string,
 * }} Link
 */

/**
 * @param {{
 *   resume: () => {log: string|null, points: Record<string, number>},
 *   onFrame: (frame: any) => void,
 *   onLink: (link: Link) => void,
 *   onLogin: () => void,
 *   isSignedOut: () => Promise<boolean>,
 * }} callbacks
 */
export function createConnection(callbacks) {
  /** @type {WebSocket|null} */ let socket = null;
  let welcomed = false;
  let attempt = 0;
  let ended = false;
  /** @type {number|null} */ let byeMs = null;
  /** @type {any} */ let retryTimer;
  /** @type {any} */ let watchTimer;

  function connect() {
    clearTimeout(retryTimer);
    if (ended || socket) return;
    callbacks.onLink({ status: 'connecting' });
    const opened = new WebSocket(
      `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`,
    );
    socket = opened;
    welcomed = false;
    byeMs = null;
    let reached = false;
    watch(WELCOME_MS_MAX);
    opened.onopen = () => {
      reached = true;
      const { log, points } = callbacks.resume();
      opened.send(JSON.stringify(hello(log, points)));
    };
    opened.onmessage = (event) => {
      if (socket !== opened) return;
      const frame = typeof event.data === 'string' ? parse(event.data) : null;
      if (welcomed) listen();
      if (!frame) return;
      if (frame.type === 'welcome') {
        welcomed = true;
        attempt = 0;
        listen();
      }
      if (frame.type === 'bye') byeMs = frame.reconnect_after_ms ?? null;
      callbacks.onFrame(frame);
    };
    opened.onclose = (event) => {
      if (socket === opened) closed(event.code, reached);
    };
  }

  /** @param {number} code @param {boolean} reached */
  async function closed(code, reached) {
    clearTimeout(watchTimer);
    socket = null;
    const decision = afterClose({ code, attempt, random: Math.random(), byeMs });
    attempt += 1;
    if (decision.action === 'login') return callbacks.onLogin();
    if (decision.action === 'stop') {
      return callbacks.onLink({ status: 'stopped', message: decision.message });
    }
    callbacks.onLink({ status: 'waiting', retryAt: Date.now() + decision.afterMs });
    retryTimer = setTimeout(connect, decision.afterMs);
    // A browser hides why an upgrade was refused; the session is asked for instead.
    if (!reached && (await callbacks.isSignedOut()) && !ended && !socket) {
      clearTimeout(retryTimer);
      callbacks.onLogin();
    }
  }

  function listen() {
    clearTimeout(watchTimer);
    watchTimer = setTimeout(() => probe(), HEARTBEAT_MS);
  }

  function probe() {
    if (!socket || !welcomed || socket.readyState !== WebSocket.OPEN) return;
    socket.send(JSON.stringify(ping('alive')));
    watch(PONG_MS_MAX);
  }

  /** @param {number} ms */
  function watch(ms) {
    clearTimeout(watchTimer);
    watchTimer = setTimeout(() => {
      const dead = socket;
      if (!dead) return;
      dead.onclose = null;
      dead.close();
      closed(1006, true);
    }, ms);
  }

  /** The person or the machine says that now is a good time. */
  function hurry() {
    if (ended) return;
    if (socket) probe();
    else connect();
  }

  const onVisible = () => document.visibilityState === 'visible' && hurry();
  addEventListener('online', hurry);
  document.addEventListener('visibilitychange', onVisible);
  connect();

  return {
    hurry,
    /** @param {any} frame @returns {boolean} whether it left */
    send(frame) {
      if (!socket || !welcomed || socket.readyState !== WebSocket.OPEN) return false;
      socket.send(JSON.stringify(frame));
      return true;
    },
    end() {
      ended = true;
      clearTimeout(retryTimer);
      clearTimeout(watchTimer);
      removeEventListener('online', hurry);
      document.removeEventListener('visibilitychange', onVisible);
      const last = socket;
      socket = null;
      last?.close(1000);
    },
  };
}
