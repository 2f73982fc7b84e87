// Applies the server's frames to the state.

import { LOG_CHANGED, REMOVED_FROM, otherAccount, removedSentence } from '../messages.js';
import { close, holdsUnsent, noteRemoval } from './closed.js';
import { dropKept, refuse } from './commands.js';
import { atUnread, takeAround, takeNewer, takeOlder } from './past.js';
import { takeMembers, takePresence, takeProfile } from './people.js';
import { setQuote, takeQuote } from './quotes.js';
import { forget, takeEvent, takeEvents, takeLatest, takePassingLine } from './room.js';
import { LOBBY } from './names.js';
import { addRooms, everyRoom, inPending, inRoom, open, titleOf } from './rooms.js';
import { marked, takeRead, unmarked } from './unread.js';

/** Somebody counts as typing for this long after a `typing` frame. */
export const TYPING_MS = 6_000;
const LIVE = { status: /** @type {const} */ ('live') };

/** @typedef {import('./initial.js').State} State */
/** @typedef {import('./room.js').Room} Room */
/** @typedef {import('../wire.js').ServerFrame} ServerFrame */
/** @template {ServerFrame['type']} T @typedef {Extract<ServerFrame, {type: T}>} Frame */

/** @param {State} state @param {ServerFrame} frame @param {number} now @returns {State} */
export function frames(state, frame, now) {
  /** @typedef {(state: State, frame: ServerFrame, now: number) => State} Handler */
  const known = Object.hasOwn(handlers, frame.type) ? handlers[frame.type] : undefined;
  const handle = /** @type {Handler|undefined} */ (known);
  const next = handle ? handle(state, frame, now) : state;
  return isNumbered(frame)
    ? inRoom(next, frame.room, (room) => takeEvent(room, frame, myName(state)))
    : next;
}

/** @type {{[T in ServerFrame['type']]?: (state: State, frame: Frame<T>, now: number) => State}} */
const handlers = {
  welcome(state, frame) {
    if (state.me && frame.username !== undefined && frame.username !== state.me.username) {
      const message = otherAccount(frame.username);
      return { ...state, stranger: frame.username, link: { status: 'stopped', message } };
    }
    const isOther = state.log !== null && state.log !== frame.log;
    const back = everyRoom(state, (room) => rejoin(isOther ? inOtherLog(room) : room));
    const commands = isOther ? [] : back.commands;
    const blocked = new Set(frame.blocked);
    const live = { ...back, commands, blocked, log: frame.log, link: LIVE };
    const listed = list({ ...live, listed: [] }, frame);
    return open(listed, listed.rooms.has(state.current) ? state.current : LOBBY);
  },
  rooms_state: list,
  room(state, frame) {
    const question = questionOf(state, frame.re);
    const kept = state.commands.find((one) => one.key === question?.key);
    // `dm` describes a room that the user is already in; this moves no cursor.
    const held = state.rooms.get(frame.room.room);
    const isOlder = (frame.room.last_seq ?? 0) < (held?.heardSeq ?? 0);
    const known = held !== undefined && !held.closed && (question !== null || isOlder);
    const next = known ? state : addRooms(state, [frame.room]);
    const done = kept ? dropKept(next, kept.key) : next;
    return kept?.open || state.opening === frame.room.room ? open(done, frame.room.room) : done;
  },
  room_gone: removed,
  limited(state, frame) {
    const without = { ...state, asked: withoutRoom(state.asked, frame.room) };
    const isOpen = frame.room === state.current;
    return inRoom(without, frame.room, (room) => {
      const next = forget(room, frame.last_seq);
      return isOpen ? atUnread(next) : next;
    });
  },
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
      ? inRoom(state, frame.room, (room) => takeMembers(room, frame, myName(state)))
      : state,
  presence: (state, frame) =>
    inRoom(state, frame.room, (room) => takePresence(room, frame, myName(state))),
  profile(state, frame) {
    const mine = frame.username === state.me?.username;
    const next = everyRoom(state, (room) => takeProfile(room, frame));
    return mine && state.me
      ? { ...next, me: { ...state.me, display_name: frame.display_name, avatar: frame.avatar } }
      : next;
  },
  blocked: (state, { usernames }) => ({ ...state, blocked: new Set(usernames) }),
  read: (state, frame) => inRoom(state, frame.room, (room) => takeRead(room, frame, myName(state))),
  typing: (state, frame, now) =>
    inRoom(state, frame.room, (room) => ({
      ...room,
      typing: { names: frame.usernames, until: now + TYPING_MS },
    })),
  system: (state, frame) =>
    isNumbered(frame)
      ? inRoom(state, frame.room ?? '', (room) => noteRemoval(room, frame, myName(state)))
      : inRoom(state, frame.room ?? state.current, (room) => takePassingLine(room, frame)),
  // The message itself follows as `chat`; until then its row shows it as stored.
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
  error(state, frame, now) {
    const question = questionOf(state, frame.re);
    const room = frame.room ?? question?.room ?? state.current;
    const message = frame.message ?? '';
    if (question?.what === 'command') return refuse(state, question.key ?? '', message);
    const nonce = frame.nonce ?? question?.nonce;
    // Only `typing` is sent without an id, and the user need not know that it failed.
    if (frame.re === undefined && !nonce && frame.room !== undefined) return state;
    if (nonce && frame.retry_after_ms) {
      // The message goes later, in its order; a pause is no refusal.
      const paused = { ...state, pausedUntil: now + frame.retry_after_ms };
      return inPending(paused, room, nonce, { status: 'queued' });
    }
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
 * Closes a room that the user is no longer in. The open room stays on the screen, and one with
 * something unsent stays in the list; any other is removed.
 * @param {State} state
 * @param {Frame<'room_gone'>} frame
 * @returns {State}
 */
function removed(state, frame) {
  const room = state.rooms.get(frame.room);
  if (!room) return state;
  const next = {
    ...state,
    asked: withoutRoom(state.asked, frame.room),
    commands: state.commands.filter((kept) => kept.command.room !== frame.room),
  };
  const isOpen = state.current === frame.room;
  const isWanted = room.leaving ? holdsUnsent(state, room) : isOpen || holdsUnsent(state, room);
  const byOthers = room.removal !== null && room.removal.event !== 'left';
  const notice = isOpen || !byOthers ? '' : removedSentence(room.removal, titleOf(state, room));
  const told = notice ? { ...next, notice } : next;
  if (isWanted) return inRoom(told, frame.room, (one) => close(one, REMOVED_FROM));
  const rooms = new Map(told.rooms);
  rooms.delete(frame.room);
  return isOpen ? open({ ...told, rooms }, LOBBY) : { ...told, rooms };
}

/**
 * Starts a room over because the server has another log. Messages that wait there were written for
 * the old log, so they are sent only when the user asks for it.
 * @param {Room} room
 * @returns {Room}
 */
function inOtherLog(room) {
  const pending = room.pending.map((p) => ({
    ...p,
    status: /** @type {const} */ ('failed'),
    error: LOG_CHANGED,
    replyTo: null,
  }));
  return { ...forget(room), pending };
}

/**
 * Takes in the rooms that the user is in. Once all are named, the user is not in the others: those
 * that are open or hold something unsent are closed, the rest are removed.
 * @param {State} state
 * @param {{rooms: import('../wire.js').RoomInfo[], more?: boolean}} frame
 * @returns {State}
 */
function list(state, frame) {
  const next = addRooms(state, frame.rooms);
  const listed = [...state.listed, ...frame.rooms.map((info) => info.room)];
  if (frame.more) return { ...next, listed };
  const names = new Set(listed);
  const rooms = new Map();
  for (const [name, room] of next.rooms) {
    const isOpen = name === state.current && room.history === 'ready';
    if (names.has(name) || name === LOBBY) rooms.set(name, room);
    else if (isOpen || holdsUnsent(next, room)) rooms.set(name, close(room, REMOVED_FROM));
  }
  return { ...next, rooms, listed: [] };
}

/**
 * Prepares a room for a new connection: its members are asked for again.
 * @param {Room} room
 * @returns {Room}
 */
function rejoin(room) {
  if (room.history === 'idle') return room;
  const held = room.history === 'ready' ? [] : room.held;
  return { ...room, roster: 'wanted', rosterPages: 0, rosterAfter: '', catchUp: 'idle', held };
}

/** Frames that name a seq without being the event of that number. */
const ABOUT_EVENTS = ['ack', 'read', 'typing', 'limited', 'history', 'events'];

/**
 * @param {ServerFrame} frame
 * @returns {frame is import('../wire.js').NumberedFrame}
 */
function isNumbered(frame) {
  return (
    'room' in frame &&
    typeof frame.room === 'string' &&
    'seq' in frame &&
    Number.isSafeInteger(frame.seq) &&
    'ts' in frame &&
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
