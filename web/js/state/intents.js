// What the person at the page, its clock and its connection do to the state.

import { changeKept, dropKept, keep, requeue } from './commands.js';
import { initialState } from './initial.js';
import { jump, toEnd, trim, wantNewer, wantOlder } from './past.js';
import { dropAskedQuotes, setQuote } from './quotes.js';
import { forget } from './room.js';
import { LOBBY, addRooms, everyRoom, inPending, inRoom, open } from './rooms.js';
import { see } from './unread.js';

/** @typedef {import('./initial.js').State} State */
/** @typedef {import('./room.js').Room} Room */

/** @type {Record<string, (state: State, input: any) => State>} */
export const intents = {
  signedIn(_, { me, known = {}, outbox = [], commands = [] }) {
    const fresh = open(
      { ...initialState(), ...known, screen: 'chat', me, commands },
      known.current ?? LOBBY,
    );
    return outbox.reduce((/** @type {State} */ state, /** @type {any} */ unsent) => {
      const next = state.rooms.has(unsent.room) ? state : addRooms(state, [{ room: unsent.room }]);
      return queue(next, unsent);
    }, fresh);
  },
  signedOut: (_, { notice }) => ({ ...initialState(), screen: 'auth', notice: notice ?? '' }),
  me: (state, { me }) => ({ ...state, me }),
  link: (state, { link }) => (link.status === 'live' ? state : disconnect({ ...state, link })),
  notice: (state, { message }) => ({ ...state, notice: message ?? '' }),
  open: (state, { room }) => open(state, room),
  asked(state, { id, question }) {
    const next = { ...state, asked: new Map(state.asked).set(id, question) };
    switch (question.what) {
      case 'send':
        return inPending(next, question.room, question.nonce, { status: 'sending' });
      case 'command':
        return changeKept(next, question.key, { status: 'sent' });
      default:
        return inRoom(next, question.room, (room) => nowAsked(room, question));
    }
  },
  older: (state, { room }) => inRoom(state, room, wantOlder),
  newer: (state, { room }) => inRoom(state, room, wantNewer),
  jump: (state, { room, seq }) =>
    inRoom(state.current === room ? state : open(state, room), room, (r) => jump(r, seq)),
  toEnd: (state, { room }) => inRoom(state, room, toEnd),
  trim: (state, { room, following }) => inRoom(state, room, (r) => trim(r, following)),
  reload: (state, { room }) => inRoom(state, room, forget),
  seen: (state, { room, seq }) => inRoom(state, room, (r) => see(r, seq)),
  // Whoever looks away finds a line where they left off.
  away: (state) =>
    inRoom(state, state.current, (r) => (r.history === 'ready' ? { ...r, newFrom: r.lastSeq } : r)),
  tick: (state, { now }) => {
    const over = [...state.rooms.values()].some(
      (room) => room.typing.names.length > 0 && room.typing.until <= now,
    );
    return over
      ? everyRoom(state, (room) =>
          room.typing.names.length > 0 && room.typing.until <= now
            ? { ...room, typing: { names: [], until: 0 } }
            : room,
        )
      : state;
  },
  about: (state, { about }) => ({ ...state, reply: about }),
  send(state, unsent) {
    const next = queue({ ...state, reply: null }, unsent);
    return inRoom(next, unsent.room, (room) => toEnd({ ...room, newFrom: null }));
  },
  retry: (state, { room, nonce }) => inPending(state, room, nonce, { status: 'queued', error: '' }),
  discard: (state, { room, nonce }) =>
    inRoom(state, room, (r) => ({ ...r, pending: r.pending.filter((p) => p.nonce !== nonce) })),
  command: (state, { kept }) => keep(state, { ...kept, status: 'queued' }),
  retryCommand: (state, { key }) => changeKept(state, key, { status: 'queued', error: '' }),
  discardCommand: (state, { key }) => dropKept(state, key),
};

/** @param {State} state @param {any} unsent @returns {State} */
function queue(state, { room, text, nonce, ts, replyTo = null, error }) {
  /** @type {import('./room.js').Pending} */
  const message = { nonce, text, ts, replyTo, error, status: error ? 'failed' : 'queued' };
  return inRoom(state, room, (r) => ({ ...r, pending: [...r.pending, message] }));
}

/** @param {Room} room @param {any} question @returns {Room} */
function nowAsked(room, question) {
  const past = room.past;
  switch (question.what) {
    case 'latest':
      return { ...room, history: 'asked' };
    case 'catchUp':
      return { ...room, catchUp: 'asked' };
    case 'roster':
      return { ...room, roster: 'asked' };
    case 'mark':
      return { ...room, marking: 'asked' };
    case 'quote':
      return setQuote(room, question.seq, { status: 'asked' });
    case 'around':
      return past ? { ...room, past: { ...past, status: 'asked' } } : room;
    case 'newer':
      return past ? { ...room, past: { ...past, newer: 'asked' } } : room;
    case 'older':
      return past ? { ...room, past: { ...past, older: 'asked' } } : { ...room, older: 'asked' };
    default:
      return room;
  }
}

/**
 * A command without an answer is asked again on the next connection; a change with the nonce it
 * had.
 * @param {State} state
 * @returns {State}
 */
function disconnect(state) {
  const again = (/** @type {any} */ status) => (status === 'asked' ? 'wanted' : status);
  const next = everyRoom(requeue(state), (room) => ({
    ...dropAskedQuotes(room),
    history: again(room.history),
    older: again(room.older),
    catchUp: again(room.catchUp),
    roster: again(room.roster),
    marking: 'idle',
    past: room.past && {
      ...room.past,
      status: again(room.past.status),
      older: again(room.past.older),
      newer: again(room.past.newer),
    },
    pending: room.pending.map((p) => (p.status === 'sending' ? { ...p, status: 'queued' } : p)),
    typing: { names: [], until: 0 },
  }));
  return { ...next, asked: new Map() };
}
