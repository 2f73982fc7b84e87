// The connection against a socket and a clock of the test's own.

import assert from 'node:assert/strict';
import test, { beforeEach } from 'node:test';
import { createConnection } from '../js/net/connection.js';

/** @type {any[]} */ let sockets = [];
class FakeSocket {
  static OPEN = 1;
  readyState = 0;
  /** @type {any[]} */ sent = [];
  /** @type {any} */ onopen;
  /** @type {any} */ onmessage;
  /** @type {any} */ onclose;
  constructor(/** @type {string} */ url) {
    this.url = url;
    sockets.push(this);
  }
  send(/** @type {string} */ text) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.readyState = 3;
  }
  open() {
    this.readyState = 1;
    this.onopen();
  }
  receive(/** @type {any} */ frame) {
    this.onmessage({ data: JSON.stringify(frame) });
  }
  fail(/** @type {number} */ code) {
    this.readyState = 3;
    this.onclose({ code });
  }
}

beforeEach(() => {
  sockets = [];
  Object.assign(globalThis, {
    WebSocket: FakeSocket,
    location: { protocol: 'https:', host: 'chat.example' },
    document: { visibilityState: 'visible', addEventListener() {}, removeEventListener() {} },
    addEventListener() {},
    removeEventListener() {},
  });
});

/** A connection, what it told, and its newest socket. @param {any} t */
function connect(t, signedOut = false) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  /** @type {any[]} */ const told = [];
  const connection = createConnection({
    resume: () => ({ log: 'L', points: { lobby: 7 } }),
    onFrame: (frame) => told.push(frame.type),
    onLink: (link) => told.push(link.status),
    onSignedOut: () => told.push('login'),
    isSignedOut: async () => signedOut,
  });
  return {
    connection,
    told,
    newest: () => sockets[sockets.length - 1],
    tick: (/** @type {number} */ ms) => t.mock.timers.tick(ms),
  };
}

const WELCOME = { type: 'welcome', rooms: [] };

test('it says hello with what it has, and sends nothing before welcome', (t) => {
  const { connection, newest, told } = connect(t);
  assert.equal(newest().url, 'wss://chat.example/ws');
  newest().open();
  assert.deepEqual(newest().sent, [
    { type: 'hello', version: 1, client: 'chat-web/1', log: 'L', resume: { lobby: 7 } },
  ]);
  assert.equal(connection.send({ type: 'ping' }), false);
  newest().receive(WELCOME);
  assert.equal(connection.send({ type: 'ping' }), true);
  assert.deepEqual(told, ['connecting', 'welcome']);
});

test('it comes back after a fault, and waits longer each time', (t) => {
  const { newest, told, tick } = connect(t);
  for (let attempt = 0; attempt < 5; attempt += 1) {
    newest().fail(1006);
    tick(60_000);
  }
  assert.equal(sockets.length, 6);
  assert.deepEqual(told.slice(0, 4), ['connecting', 'waiting', 'connecting', 'waiting']);
});

test('a signed-out session leads to the sign-in, a ban ends the connection', (t) => {
  const first = connect(t);
  first.newest().open();
  first.newest().fail(4401);
  assert.equal(first.told.at(-1), 'login');
  t.mock.timers.reset();
  const second = connect(t);
  second.newest().open();
  second.newest().fail(4403);
  second.tick(3_600_000);
  assert.equal(second.told.at(-1), 'stopped');
  assert.equal(sockets.length, 2);
});

test('an upgrade that is refused without a session leads to the sign-in', async (t) => {
  const { newest, told } = connect(t, true);
  newest().fail(1006);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(told.at(-1), 'login');
});

test('the page waits as long as bye says', (t) => {
  const { newest, tick } = connect(t);
  newest().open();
  newest().receive(WELCOME);
  newest().receive({ type: 'bye', reason: 'restart', reconnect_after_ms: 5000 });
  newest().fail(1001);
  tick(4999);
  assert.equal(sockets.length, 1);
  tick(1);
  assert.equal(sockets.length, 2);
});

test('a dead line is noticed', (t) => {
  const { newest, told, tick } = connect(t);
  newest().open();
  newest().receive(WELCOME);
  tick(30_000);
  assert.equal(newest().sent.at(-1).type, 'ping');
  newest().receive({ type: 'pong' });
  tick(29_999);
  assert.equal(sockets.length, 1);
  tick(1);
  tick(8_000);
  assert.equal(told.at(-1), 'waiting');
  tick(1_000);
  assert.equal(sockets.length, 2);
});

test('a server that sends no welcome is tried again', (t) => {
  const { newest, tick } = connect(t);
  newest().open();
  tick(15_000);
  tick(1_000);
  assert.equal(sockets.length, 2);
});

test('once ended it stays ended', (t) => {
  const { connection, newest, told, tick } = connect(t);
  newest().open();
  newest().receive(WELCOME);
  connection.end();
  newest().fail(1000);
  connection.hurry();
  tick(3_600_000);
  assert.deepEqual(told, ['connecting', 'welcome']);
  assert.equal(sockets.length, 1);
});
