// All that the page knows, and the one function that changes it.
// An input is {frame} from the server or {intent} from the page, so that no frame can pass for an intention.

import { describe, emptyRoom, forget, takeEvent, takeEvents, takeLatest, takeOlder, takePassingLine, trim } from './room.js';
import { takeMembers, takePresence, takeProfile } from './people.js';

/** The room that everyone is in. */
export const LOBBY = 'lobby';

/** @typedef {ReturnType<typeof initialState>} State */
/** @typedef {import('./room.js').Room} Room */

export function initialState() {
  return {
    /** @type {'starting'|'auth'|'chat'} */ screen: 'starting',
    /** @type {any} */ me: null,
    notice: '',
    /** @type {{status: 'connecting'|'live'|'waiting'|'stopped', retryAt?: number, message?: string}} */ link: { status: 'connecting' },
    /** @type {string|null} */ log: null,
    current: LOBBY,
    /** @type {Map<string, Room>} */ rooms: new Map(),
    /** @type {Map<string, any>} commands without an answer yet, by id */ asked: new Map(),
  };
}

/** @param {State} state @param {any} input @returns {State} */
export function reduce(state, input) {
  if (input.intent) return Object.hasOwn(intents, input.intent) ? intents[input.intent](state, input) : state;
  const frame = input.frame;
  const before = Object.hasOwn(frames, frame.type) ? frames[frame.type](state, frame) : state;
  const after = isNumbered(frame) ? inRoom(before, frame.room, (room) => takeEvent(room, frame, nameOf(state))) : before;
  return frame.re === undefined ? after : { ...after, asked: without(after.asked, frame.re) };
}

/** The seq we have of each room that we have read. @param {State} state @returns {Record<string, number>} */
export function resumePoints(state) {
  const ready = [...state.rooms.values()].filter((room) => room.history === 'ready');
  return Object.fromEntries(ready.map((room) => [room.name, room.cursor]));
}

/** @type {Record<string, (state: State, frame: any) => State>} */
const frames = {
  welcome(state, frame) {
    const fresh = state.log !== null && state.log !== frame.log;
    const rooms = new Map([...state.rooms].map(([name, room]) => [name, rejoin(fresh ? forget(room) : room)]));
    return open({ ...addRooms({ ...state, rooms }, frame.rooms), log: frame.log, link: { status: 'live' } }, state.current);
  },
  rooms_state: (state, frame) => addRooms(state, frame.rooms),
  room: (state, frame) => addRooms(state, [frame.room?.room ? frame.room : frame]),
  room_gone(state, frame) {
    const next = { ...state, rooms: without(state.rooms, frame.room) };
    return state.current === frame.room ? open(next, LOBBY) : next;
  },
  limited: (state, frame) => inRoom({ ...state, asked: withoutRoom(state.asked, frame.room) }, frame.room, forget),
  history(state, frame) {
    const what = state.asked.get(frame.re)?.what;
    if (what === 'latest') return inRoom(state, frame.room, (room) => takeLatest(room, frame, nameOf(state)));
    return what === 'older' ? inRoom(state, frame.room, (room) => takeOlder(room, frame, nameOf(state))) : state;
  },
  events: (state, frame) => (state.asked.has(frame.re) ? inRoom(state, frame.room, (room) => takeEvents(room, frame, nameOf(state))) : state),
  members: (state, frame) => (state.asked.has(frame.re) ? inRoom(state, frame.room, (room) => takeMembers(room, frame)) : state),
  presence: (state, frame) => inRoom(state, frame.room, (room) => takePresence(room, frame)),
  profile: (state, frame) => everyRoom(state, (room) => takeProfile(room, frame)),
  read: (state, frame) => inRoom(state, frame.room, (room) => ({ ...room, readSeq: Math.max(room.readSeq, frame.seq), unread: 0 })),
  system(state, frame) {
    if (isNumbered(frame)) return state;
    return inRoom(state, frame.room ?? state.current, (room) => takePassingLine(room, frame));
  },
  // The message itself follows as `chat`; until then the row says that it is safe.
  ack: (state, frame) => inPending(state, frame.room, frame.nonce, { status: 'stored', seq: frame.seq }),
  error(state, frame) {
    const question = state.asked.get(frame.re);
    const room = frame.room ?? question?.room ?? state.current;
    const nonce = frame.nonce ?? question?.nonce;
    if (nonce) return inPending(state, room, nonce, { status: 'failed', error: frame.message });
    switch (question?.what) {
      case 'latest': case 'catchUp': return inRoom(state, room, (r) => ({ ...r, history: 'failed', catchUp: 'idle', error: frame.message }));
      case 'older': return inRoom(state, room, (r) => ({ ...r, older: 'failed', error: frame.message }));
      case 'roster': return inRoom(state, room, (r) => ({ ...r, roster: 'idle' }));
      default: return { ...state, notice: frame.message ?? '' };
    }
  },
};

/** @type {Record<string, (state: State, input: any) => State>} */
const intents = {
  signedIn(_, { me, outbox = [] }) {
    const fresh = open({ ...initialState(), screen: /** @type {const} */ ('chat'), me }, LOBBY);
    return outbox.reduce((/** @type {State} */ state, /** @type {any} */ unsent) => {
      const known = state.rooms.has(unsent.room) ? state : addRooms(state, [{ room: unsent.room }]);
      return intents.send(known, unsent);
    }, fresh);
  },
  signedOut: (_, { notice }) => ({ ...initialState(), screen: 'auth', notice: notice ?? '' }),
  link: (state, { link }) => (link.status === 'live' ? state : disconnect({ ...state, link })),
  dismiss: (state) => ({ ...state, notice: '' }),
  open: (state, { room }) => open(state, room),
  asked(state, { id, question }) {
    const next = { ...state, asked: new Map(state.asked).set(id, question) };
    if (question.what === 'send') return inPending(next, question.room, question.nonce, { status: 'sending' });
    const field = question.what === 'latest' ? 'history' : question.what;
    return inRoom(next, question.room, (room) => ({ ...room, [field]: 'asked' }));
  },
  older: (state, input) => inRoom(state, input.room, (room) => {
    const can = room.moreBefore && room.history === 'ready' && room.older !== 'asked';
    return can ? { ...room, older: 'wanted' } : room;
  }),
  reload: (state, input) => inRoom(state, input.room, forget),
  trim: (state, input) => inRoom(state, input.room, trim),
  send(state, { room, text, nonce, ts, error }) {
    /** @type {import('./room.js').Pending} */
    const message = { nonce, text, ts, error, status: error ? 'failed' : 'queued' };
    return inRoom(state, room, (r) => ({ ...r, pending: [...r.pending, message] }));
  },
  retry: (state, { room, nonce }) => inPending(state, room, nonce, { status: 'queued', error: '' }),
  discard: (state, { room, nonce }) => inRoom(state, room, (r) => ({ ...r, pending: r.pending.filter((p) => p.nonce !== nonce) })),
};

/** A command without an answer is asked again on the next connection; a message with the nonce it had. @param {State} state @returns {State} */
function disconnect(state) {
  const again = (/** @type {any} */ status) => (status === 'asked' ? 'wanted' : status);
  const next = everyRoom(state, (room) => ({
    ...room, history: again(room.history), older: again(room.older), catchUp: again(room.catchUp), roster: again(room.roster),
    pending: room.pending.map((p) => (p.status === 'sending' ? { ...p, status: 'queued' } : p)),
  }));
  return { ...next, asked: new Map() };
}

/** Who came and went while we were away was not told. @param {Room} room @returns {Room} */
function rejoin(room) {
  if (room.history === 'idle') return room;
  const held = room.history === 'ready' ? [] : room.held;
  return { ...room, roster: 'wanted', rosterPages: 0, rosterAfter: '', catchUp: 'idle', held };
}

/** @param {State} state @param {string} name @returns {State} */
function open(state, name) {
  const room = state.rooms.get(name) ?? emptyRoom(name);
  const opened = room.history === 'idle' ? { ...room, history: /** @type {const} */ ('wanted'), roster: /** @type {const} */ ('wanted') } : room;
  return { ...state, current: name, rooms: new Map(state.rooms).set(name, opened) };
}

/** @param {State} state @param {any[]} list @returns {State} */
function addRooms(state, list = []) {
  const rooms = new Map(state.rooms);
  for (const frame of list) rooms.set(frame.room, describe(rooms.get(frame.room) ?? emptyRoom(frame.room), frame));
  return { ...state, rooms };
}

/** @param {State} state @param {string} name @param {(room: Room) => Room} change @returns {State} */
function inRoom(state, name, change) {
  const room = state.rooms.get(name);
  if (!room) return state;
  const next = change(room);
  return next === room ? state : { ...state, rooms: new Map(state.rooms).set(name, next) };
}

/** @param {State} state @param {(room: Room) => Room} change @returns {State} */
function everyRoom(state, change) {
  return { ...state, rooms: new Map([...state.rooms].map(([name, room]) => [name, change(room)])) };
}

/** @param {State} state @param {string} name @param {string} nonce @param {any} change @returns {State} */
function inPending(state, name, nonce, change) {
  return inRoom(state, name, (room) => ({ ...room, pending: room.pending.map((p) => (p.nonce === nonce ? { ...p, ...change } : p)) }));
}

/** Frames that name a seq without being the event of that number. */
const ABOUT_EVENTS = ['ack', 'read', 'typing', 'limited', 'history', 'events'];

/** @param {any} frame */
function isNumbered(frame) {
  return typeof frame.room === 'string' && Number.isSafeInteger(frame.seq) && frame.ts !== undefined && !ABOUT_EVENTS.includes(frame.type);
}

/** @param {State} state */
function nameOf(state) {
  return state.me?.username ?? '';
}

/** @template V @param {Map<string, V>} map @param {string} key */
function without(map, key) {
  const next = new Map(map);
  next.delete(key);
  return next;
}

/** @param {Map<string, any>} asked @param {string} room */
function withoutRoom(asked, room) {
  return new Map([...asked].filter(([, question]) => question.room !== room || question.what === 'send' || question.what === 'roster'));
}
