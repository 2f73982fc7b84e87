// What each frame of the server does to the state.

import { dropKept, refuse } from './commands.js';
import { takeAround, takeNewer, takeOlder } from './past.js';
import { takeMembers, takePresence, takeProfile } from './people.js';
import { setQuote, takeQuote } from './quotes.js';
import { forget, takeEvent, takeEvents, takeLatest, takePassingLine } from './room.js';
import { LOBBY, addRooms, everyRoom, inPending, inRoom, open } from './rooms.js';
import { marked, takeRead, unmarked } from './unread.js';

/** Someone who says nothing more writes no more. */
export const TYPING_MS = 6_000;

/** @typedef {import('./initial.js').State} State */
/** @typedef {import('./room.js').Room} Room */
/** @typedef {import('../wire.js').ServerFrame} ServerFrame */
/** @template {ServerFrame['type']} T @typedef {Extract<ServerFrame, {type: T}>} Frame */

/** @param {State} state @param {any} frame @param {number} now @returns {State} */
export function frames(state, frame, now) {
  const handle = Object.hasOwn(handlers, frame.type)
    ? /** @type {any} */ (handlers)[frame.type]
    : null;
  const next = handle ? handle(state, frame, now) : state;
  return isNumbered(frame)
    ? inRoom(next, frame.room, (room) => takeEvent(room, frame, myName(state)))
    : next;
}

/** @type {{[T in ServerFrame['type']]?: (state: State, frame: Frame<T>, now: number) => State}} */
const handlers = {
  welcome(state, frame) {
    const fresh = state.log !== null && state.log !== frame.log;
    const back = everyRoom(state, (room) => rejoin(fresh ? forget(room) : room));
    const listed = list({ ...back, log: frame.log, link: { status: 'live' }, listed: [] }, frame);
    return open(listed, listed.rooms.has(state.current) ? state.current : LOBBY);
  },
  rooms_state: list,
  room(state, frame) {
    const question = questionOf(state, frame.re);
    const kept = state.commands.find((one) => one.key === question?.key);
    // A room that one is in already is told again by `dm`, which moves no cursor.
    const known = question !== null && state.rooms.has(frame.room.room);
    const next = known ? state : addRooms(state, [frame.room]);
    const done = kept ? dropKept(next, kept.key) : next;
    return kept?.open || state.opening === frame.room.room ? open(done, frame.room.room) : done;
  },
  room_gone(state, frame) {
    const rooms = new Map(state.rooms);
    rooms.delete(frame.room);
    const next = {
      ...state,
      rooms,
      asked: withoutRoom(state.asked, frame.room),
      commands: state.commands.filter((kept) => kept.command.room !== frame.room),
    };
    return state.current === frame.room ? open(next, LOBBY) : next;
  },
  limited: (state, frame) =>
    inRoom({ ...state, asked: withoutRoom(state.asked, frame.room) }, frame.room, forget),
  history(state, frame) {
    const question = questionOf(state, frame.re);
    const take = question && takers[question.what];
    return take
      ? inRoom(state, frame.room, (room) => take(room, frame, myName(state), question.seq ?? 0))
      : state;
  },
  events: (state, frame) =>
    questionOf(state, frame.re)
      ? inRoom(state, frame.room, (room) => takeEvents(room, frame, myName(state)))
      : state,
  members: (state, frame) =>
    questionOf(state, frame.re)
      ? inRoom(state, frame.room, (room) => takeMembers(room, frame))
      : state,
  presence: (state, frame) => inRoom(state, frame.room, (room) => takePresence(room, frame)),
  profile(state, frame) {
    const mine = frame.username === state.me?.username;
    const next = everyRoom(state, (room) => takeProfile(room, frame));
    return mine && state.me
      ? { ...next, me: { ...state.me, display_name: frame.display_name, avatar: frame.avatar } }
      : next;
  },
  read: (state, frame) => inRoom(state, frame.room, (room) => takeRead(room, frame)),
  typing: (state, frame, now) =>
    inRoom(state, frame.room, (room) => ({
      ...room,
      typing: { names: frame.usernames, until: now + TYPING_MS },
    })),
  system: (state, frame) =>
    isNumbered(frame)
      ? state
      : inRoom(state, frame.room ?? state.current, (room) => takePassingLine(room, frame)),
  // The message itself follows as `chat`; until then the row says that it is safe.
  ack: (state, frame) =>
    inPending(state, frame.room, frame.nonce, { status: 'stored', seq: frame.seq }),
  ok(state, frame) {
    const question = questionOf(state, frame.re);
    if (question?.what === 'mark') {
      return inRoom(state, question.room, (room) => marked(room, question.seq ?? 0));
    }
    const kept = state.commands.find((one) => one.key === question?.key);
    if (!kept) return state;
    const next = dropKept(state, kept.key);
    if (!kept.open) return next;
    const name = kept.command.room ?? LOBBY;
    return next.rooms.has(name) ? open(next, name) : { ...next, opening: name };
  },
  error(state, frame) {
    const question = questionOf(state, frame.re);
    const room = frame.room ?? question?.room ?? state.current;
    const message = frame.message ?? '';
    if (question?.what === 'command') return refuse(state, question.key ?? '', message);
    const nonce = frame.nonce ?? question?.nonce;
    if (nonce) return inPending(state, room, nonce, { status: 'failed', error: message });
    const fail = question && failures[question.what];
    return fail
      ? inRoom(state, room, (r) => fail(r, message, question.seq ?? 0))
      : { ...state, notice: message };
  },
};

/**
 * @type {Record<string, (room: Room, frame: Frame<'history'>, me: string, seq: number) => Room>}
 */
const takers = {
  latest: takeLatest,
  older: takeOlder,
  newer: takeNewer,
  around: takeAround,
  quote: (room, frame, me, seq) => takeQuote(room, seq, frame),
};

/** @type {Record<string, (room: Room, message: string, seq: number) => Room>} */
const failures = {
  latest: (room, error) => ({ ...room, history: 'failed', catchUp: 'idle', error }),
  catchUp: (room, error) => ({ ...room, history: 'failed', catchUp: 'idle', error }),
  older: (room, error) =>
    room.past
      ? { ...room, past: { ...room.past, older: 'failed', error } }
      : { ...room, older: 'failed', error },
  newer: (room, error) =>
    room.past ? { ...room, past: { ...room.past, newer: 'failed', error } } : room,
  around: (room, error) =>
    room.past ? { ...room, past: { ...room.past, status: 'failed', error } } : room,
  quote: (room, error, seq) => setQuote(room, seq, { status: 'gone' }),
  roster: (room) => ({ ...room, roster: 'idle' }),
  mark: unmarked,
};

/**
 * Takes in the rooms that one is in; once all are told, the others are gone, but for what waits to be sent there.
 * @param {State} state
 * @param {{rooms: import('../wire.js').RoomInfo[], more?: boolean}} frame
 * @returns {State}
 */
function list(state, frame) {
  const next = addRooms(state, frame.rooms);
  const listed = [...state.listed, ...frame.rooms.map((info) => info.room)];
  if (frame.more) return { ...next, listed };
  const names = new Set(listed);
  const rooms = new Map(
    [...next.rooms].filter(
      ([name, room]) => names.has(name) || name === LOBBY || room.pending.length > 0,
    ),
  );
  return { ...next, rooms, listed: [] };
}

/** Who came and went while we were away was not told. @param {Room} room @returns {Room} */
function rejoin(room) {
  if (room.history === 'idle') return room;
  const held = room.history === 'ready' ? [] : room.held;
  return { ...room, roster: 'wanted', rosterPages: 0, rosterAfter: '', catchUp: 'idle', held };
}

/** Frames that name a seq without being the event of that number. */
const ABOUT_EVENTS = ['ack', 'read', 'typing', 'limited', 'history', 'events'];

/** @param {any} frame */
function isNumbered(frame) {
  return (
    typeof frame.room === 'string' &&
    Number.isSafeInteger(frame.seq) &&
    frame.ts !== undefined &&
    !ABOUT_EVENTS.includes(frame.type)
  );
}

/** @param {State} state @param {string|undefined} re */
function questionOf(state, re) {
  return re === undefined ? null : (state.asked.get(re) ?? null);
}

/** @param {State} state */
function myName(state) {
  return state.me?.username ?? '';
}

/** @param {State['asked']} asked @param {string} room */
function withoutRoom(asked, room) {
  return new Map(
    [...asked].filter(
      ([, question]) =>
        question.room !== room || ['send', 'command', 'roster'].includes(question.what),
    ),
  );
}
