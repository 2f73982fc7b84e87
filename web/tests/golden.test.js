// Holds the page to the golden frames that the server and the terminal client are held to.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { needs } from '../js/state/needs.js';
import { initialState } from '../js/state/initial.js';
import { reduce } from '../js/state/state.js';
import { hello, parse, ping, withId } from '../js/wire.js';

const golden = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../shared/golden');

/** @param {'server'|'client'} side @returns {Map<string, any>} */
function read(side) {
  const folder = path.join(golden, side);
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  assert.ok(files.length > 0, `${folder} holds no golden frames`);
  return new Map(
    files.map((file) => [
      file.slice(0, -'.json'.length),
      readFileSync(path.join(folder, file), 'utf8'),
    ]),
  );
}

/**
 * A page that reads `room` up to `cursor`, and asked for what `re` answers.
 * @param {string} room
 * @param {number} cursor
 * @param {any} [question]
 */
function ready(room, cursor, question) {
  let state = reduce(initialState(), { intent: 'signedIn', me: { username: 'ann' } });
  state = reduce(state, {
    frame: { type: 'welcome', log: 'L', rooms: [{ room: 'lobby' }, { room }] },
  });
  state = reduce(state, { intent: 'open', room });
  state = reduce(state, { intent: 'asked', id: 'first', question: { what: 'latest', room } });
  state = reduce(state, {
    frame: { type: 'history', re: 'first', room, as_of: cursor, messages: [], more_before: true },
  });
  return question ? reduce(state, { intent: 'asked', ...question }) : state;
}

/** @param {any} state @param {string} room */
const texts = (state, room) =>
  state.rooms.get(room).entries.map((/** @type {any} */ entry) => entry.text);

/** The check of what a frame of each type does. @type {Record<string, (frame: any) => void>} */
const effects = {
  welcome(frame) {
    const state = reduce(
      reduce(initialState(), { intent: 'signedIn', me: { username: frame.username } }),
      { frame },
    );
    assert.equal(state.log, frame.log);
    assert.deepEqual([...state.blocked], frame.blocked ?? []);
    assert.equal(state.link.status, 'live');
    for (const room of frame.rooms) {
      assert.equal(state.rooms.get(room.room)?.lastSeq, room.last_seq);
    }
    assert.deepEqual(
      needs(state).map((question) => question.what),
      ['latest', 'roster'],
    );
  },
  blocked(frame) {
    const state = reduce(ready('lobby', 1), { frame });
    assert.deepEqual([...state.blocked], frame.usernames);
  },
  chat(frame) {
    const state = reduce(ready(frame.room, frame.seq - 1), { frame });
    assert.deepEqual(texts(state, frame.room), [frame.message ?? '']);
    assert.equal(state.rooms.get(frame.room)?.entries[0].bot, Boolean(frame.bot));
    assert.equal(state.rooms.get(frame.room)?.cursor, frame.seq);
    assert.deepEqual(reduce(state, { frame }).rooms.get(frame.room)?.entries.length, 1);
  },
  system(frame) {
    const state = reduce(ready(frame.room, (frame.seq ?? 1) - 1), { frame });
    assert.deepEqual(texts(state, frame.room), [frame.message]);
    assert.equal(state.rooms.get(frame.room)?.cursor, frame.seq ?? 0);
  },
  ack(frame) {
    const sent = reduce(ready(frame.room, 1), {
      intent: 'send',
      room: frame.room,
      text: 'hi',
      nonce: frame.nonce,
      ts: 1,
    });
    assert.equal(reduce(sent, { frame }).rooms.get(frame.room)?.pending[0].status, 'stored');
  },
  history(frame) {
    const state = reduce(
      ready(frame.room, 0, { id: frame.re, question: { what: 'older', room: frame.room } }),
      { frame },
    );
    assert.deepEqual(
      texts(state, frame.room),
      frame.messages.map((/** @type {any} */ message) => message.message),
    );
    assert.equal(state.rooms.get(frame.room)?.moreBefore, frame.more_before);
  },
  events(frame) {
    const state = reduce(
      ready(frame.room, frame.events[0].seq - 1, {
        id: frame.re,
        question: { what: 'catchUp', room: frame.room },
      }),
      { frame },
    );
    assert.equal(state.rooms.get(frame.room)?.cursor, frame.events.at(-1).seq);
    assert.equal(texts(state, frame.room).length, frame.events.length);
  },
  members(frame) {
    const state = reduce(
      ready(frame.room, 1, { id: frame.re, question: { what: 'roster', room: frame.room } }),
      { frame },
    );
    assert.deepEqual([...(state.rooms.get(frame.room)?.people.values() ?? [])], frame.members);
  },
  presence(frame) {
    const room = reduce(ready(frame.room, 1), { frame }).rooms.get(frame.room);
    for (const name of frame.online) assert.equal(room?.people.get(name)?.online, true);
    if (frame.online.length + frame.offline.length === 0) {
      assert.equal(room?.onlineCount, frame.count);
    }
  },
  limited(frame) {
    const state = reduce(ready(frame.room, 4), { frame });
    assert.ok(
      needs(state).some((question) => question.what === 'latest' && question.room === frame.room),
    );
  },
  error(frame) {
    const room = frame.room ?? 'lobby';
    const sent = reduce(ready(room, 1), {
      intent: 'send',
      room,
      text: 'hi',
      nonce: frame.nonce ?? 'n',
      ts: 1,
    });
    const state = reduce(sent, { frame });
    if (frame.nonce && frame.retry_after_ms) {
      assert.equal(state.rooms.get(room)?.pending[0].status, 'queued');
      assert.equal(state.pausedUntil, frame.retry_after_ms);
    } else if (frame.nonce) {
      assert.deepEqual(
        [state.rooms.get(room)?.pending[0].status, state.rooms.get(room)?.pending[0].error],
        ['failed', frame.message],
      );
    } else assert.equal(state.notice, frame.message);
  },
  room: (frame) =>
    assert.ok(reduce(ready('lobby', 1), { frame }).rooms.has(frame.room.room ?? frame.room)),
  room_gone(frame) {
    const state = reduce(ready(frame.room, 1), { frame });
    assert.equal(state.rooms.get(frame.room)?.closed?.event, 'gone', 'the open room stays, closed');
    const elsewhere = reduce(state, { intent: 'open', room: 'lobby' });
    assert.ok(!elsewhere.rooms.has(frame.room));
  },
  rooms_state: (frame) =>
    assert.equal(
      reduce(ready('lobby', 1), { frame }).rooms.get(frame.rooms[0].room)?.lastSeq,
      frame.rooms[0].last_seq,
    ),
};

test('every golden frame of the server is understood', async (t) => {
  for (const [name, text] of read('server')) {
    await t.test(name, () => {
      const frame = parse(text);
      assert.notEqual(frame, null, 'parse refuses it');
      reduce(initialState(), { frame });
      reduce(ready(typeof frame.room === 'string' ? frame.room : 'lobby', 1), { frame });
      effects[frame.type]?.(frame);
    });
  }
});

/** @param {any} value the names and types in a frame, values left out */
function shape(value) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return Array.isArray(value) ? 'list' : typeof value;
  }
  return Object.fromEntries(
    Object.entries(value)
      .sort()
      .map(([name, inner]) => [name, name === 'resume' ? 'object' : shape(inner)]),
  );
}

test('every frame that the page builds has its golden twin', () => {
  const twins = [...read('client').values()].map((text) => JSON.parse(text));
  const fields = new Map();
  for (const twin of twins) fields.set(twin.type, { ...fields.get(twin.type), ...shape(twin) });
  let state = ready('lobby', 60);
  state = reduce(state, { intent: 'older', room: 'lobby' });
  state = reduce(state, { intent: 'send', room: 'lobby', text: 'hi', nonce: 'n', ts: 1 });
  state = reduce(state, {
    frame: {
      type: 'chat',
      room: 'lobby',
      seq: 64,
      ts: 1,
      username: 'bob',
      message: 'x',
      nonce: 'm',
    },
  });
  const commands = [
    ...needs(state),
    ...needs(reduce(state, { frame: { type: 'limited', room: 'lobby' } })),
  ].map((question) => withId('1', question.command));
  const built = [hello(null, {}), hello('L', { lobby: 1 }), ping('1'), ...commands];
  assert.deepEqual([...new Set(built.map((frame) => frame.type))].sort(), [
    'events',
    'hello',
    'history',
    'members',
    'ping',
    'send',
  ]);
  for (const frame of built) {
    assert.ok(fields.has(frame.type), `no golden frame of type ${frame.type}`);
    for (const [name, type] of Object.entries(shape(frame))) {
      assert.deepEqual(fields.get(frame.type)[name], type, `${frame.type}.${name}`);
    }
  }
});
