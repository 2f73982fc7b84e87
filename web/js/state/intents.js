// Applies what the user, the page's clock, its connection and other tabs do to the state.

import { REMOVED_FROM } from '../messages.js';
import { changeKept, dropKept, keep, requeue } from './commands.js';
import { close, dropClosed } from './closed.js';
import { dismiss, draftOf, emptyDraft, setDraft, startEdit, startReply, write } from './drafts.js';
import { initialState } from './initial.js';
import { jump, toEnd, trim, wantNewer, wantOlder } from './past.js';
import { askRoster } from './people.js';
import { dropAskedQuotes, setQuote } from './quotes.js';
import { forget } from './room.js';
import { LOBBY } from './names.js';
import { addRooms, everyRoom, inPending, inRoom, open } from './rooms.js';
import { see } from './unread.js';

/** @typedef {import('./initial.js').State} State */
/** @typedef {import('./room.js').Room} Room */

/** @typedef {import('../../types/inputs').Intents} Intents */
/** @typedef {import('../../types/inputs').Intent} Intent */

/**
 * Applies an intent to the state. An unknown one does nothing.
 * @param {State} state
 * @param {Intent} input
 * @returns {State}
 */
export function intend(state, input) {
  if (!Object.hasOwn(intents, input.intent)) return state;
  const handle = /** @type {(state: State, input: Intent) => State} */ (intents[input.intent]);
  return handle(state, input);
}

/** @type {{[K in keyof Intents]: (state: State, input: Intents[K]) => State}} */
const intents = {
  signedIn(_, { me, known, kept = {} }) {
    const fresh = { ...initialState(), ...known, screen: /** @type {const} */ ('chat'), me };
    return restore(open(fresh, known?.current ?? LOBBY), kept);
  },
  restored: (state, { kept }) => restore(state, kept),
  stranger: (state, { username, message }) => ({
    ...state,
    stranger: username,
    link: { status: 'stopped', message },
  }),
  signedOut: (_, { notice }) => ({ ...initialState(), screen: 'auth', notice: notice ?? '' }),
  me: (state, { me }) => ({ ...state, me }),
  link: (state, { link }) => (link.status === 'live' ? state : disconnect({ ...state, link })),
  notice: (state, { message }) => ({ ...state, notice: message ?? '' }),
  open: (state, { room }) => open(state, room),
  asked(state, { id, question }) {
    const next = { ...state, asked: new Map(state.asked).set(id, question) };
    switch (question.what) {
      case 'send':
        return inPending(next, question.room, question.nonce ?? '', { status: 'sending' });
      case 'command':
        return changeKept(next, question.key ?? '', { status: 'sent' });
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
  // A user who looks away finds the line of new messages where they left off.
  away: (state) =>
    inRoom(state, state.current, (r) => (r.history === 'ready' ? { ...r, newFrom: r.lastSeq } : r)),
  tick: (state, { now }) => {
    if (state.pausedUntil > 0 && state.pausedUntil <= now) {
      return intents.tick({ ...state, pausedUntil: 0 }, { now });
    }
    const isTypingOver = (/** @type {Room} */ { typing }) =>
      typing.names.length > 0 && typing.until <= now;
    const isMuteOver = (/** @type {Room} */ { mute }) => mute?.until && mute.until <= now;
    if (![...state.rooms.values()].some((r) => isTypingOver(r) || isMuteOver(r))) return state;
    return everyRoom(state, (r) => ({
      ...r,
      typing: isTypingOver(r) ? { names: [], until: 0 } : r.typing,
      mute: isMuteOver(r) ? null : r.mute,
    }));
  },
  write: (state, { room, text }) => write(state, room, text),
  reply: (state, { room, message }) => startReply(state, room, message),
  edit: (state, { room, message }) => startEdit(state, room, message),
  dismiss: (state, { room }) => dismiss(state, room),
  // Another tab changed a draft, or sent or discarded a message.
  draftElsewhere: (state, { room, draft }) => setDraft(state, room, draft ?? emptyDraft),
  goneElsewhere: (state, { nonce }) =>
    [...state.rooms.keys()].reduce((next, room) => withoutPending(next, room, nonce), state),
  dropClosed: (state, { room }) =>
    state.current === room ? dropClosed(open(state, LOBBY), room) : dropClosed(state, room),
  send(state, unsent) {
    if (state.rooms.get(unsent.room)?.closed) return state;
    const draft = { ...draftOf(state, unsent.room), text: '', reply: null };
    const next = queue(setDraft(state, unsent.room, draft), unsent);
    return inRoom(next, unsent.room, (room) => toEnd({ ...room, newFrom: null }));
  },
  retry: (state, { room, nonce }) => inPending(state, room, nonce, { status: 'queued', error: '' }),
  discard: (state, { room, nonce }) => withoutPending(state, room, nonce),
  // A message that has not left yet goes back into the field, in front of what is there.
  withdraw(state, { room, nonce }) {
    const message = state.rooms.get(room)?.pending.find((p) => p.nonce === nonce);
    if (message?.status !== 'queued') return state;
    const draft = draftOf(state, room);
    const text = [message.text, draft.text].filter(Boolean).join('\n');
    return setDraft(withoutPending(state, room, nonce), room, { ...draft, text });
  },
  command(state, { kept }) {
    const next = keep(state, { ...kept, status: 'queued' });
    if (kept.command.type !== 'leave') return next;
    return inRoom(next, kept.command.room, (room) => ({ ...room, leaving: true }));
  },
  retryCommand: (state, { key }) => changeKept(state, key, { status: 'queued', error: '' }),
  discardCommand: (state, { key }) => dropKept(state, key),
};

/**
 * Takes in what an earlier page or another tab kept: drafts, unsent messages and commands. Those
 * that are here already stay as they are. A message of an unknown room waits in it, closed, until
 * the server names the room.
 * @param {State} state
 * @param {import('../../types/inputs').Restored} kept
 * @returns {State}
 */
function restore(state, { drafts = [], messages = [], commands = [] }) {
  let next = state;
  const strange = [...drafts.map(([room]) => room), ...messages.map(({ room }) => room)].filter(
    (room) => !state.rooms.has(room),
  );
  next = addRooms(
    next,
    [...new Set(strange)].map((room) => ({ room })),
  );
  for (const [room, draft] of drafts) {
    if (next.drafts.has(room)) continue;
    next = setDraft(next, room, draft);
  }
  for (const unsent of messages) {
    const pending = next.rooms.get(unsent.room)?.pending ?? [];
    if (!pending.some((p) => p.nonce === unsent.nonce)) next = queue(next, unsent);
  }
  const known = new Set(next.commands.map((kept) => kept.key));
  const others = commands.filter((kept) => !known.has(kept.key));
  if (others.length > 0) next = { ...next, commands: [...next.commands, ...others] };
  // Until the server has named all rooms, these may still be among them.
  if (state.link.status !== 'live' || state.listed.length > 0) return next;
  return strange.reduce((s, name) => inRoom(s, name, (r) => close(r, REMOVED_FROM)), next);
}

/** @param {State} state @param {string} room @param {string} nonce @returns {State} */
function withoutPending(state, room, nonce) {
  return inRoom(state, room, (r) => {
    // One that is stored waits for its event, which takes its place.
    const pending = r.pending.filter((p) => p.nonce !== nonce || p.status === 'stored');
    return pending.length === r.pending.length ? r : { ...r, pending };
  });
}

/**
 * @param {State} state
 * @param {import('../pending.js').Unsent} unsent
 * @returns {State}
 */
function queue(state, { room, text, nonce, ts, replyTo = null, error }) {
  /** @type {import('./room.js').Pending} */
  const message = { nonce, text, ts, replyTo, error, status: error ? 'failed' : 'queued' };
  return inRoom(state, room, (r) => ({ ...r, pending: [...r.pending, message] }));
}

/** @param {Room} room @param {import('./initial.js').Question} question @returns {Room} */
function nowAsked(room, question) {
  const past = room.past;
  switch (question.what) {
    case 'latest':
      return { ...room, history: 'asked' };
    case 'catchUp':
      return { ...room, catchUp: 'asked' };
    case 'roster':
      return askRoster(room);
    case 'mark':
      return { ...room, marking: 'asked' };
    case 'quote':
      return setQuote(room, question.seq ?? 0, { status: 'asked' });
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
 * Prepares what has no answer for the next connection. A change keeps its nonce.
 * @param {State} state
 * @returns {State}
 */
function disconnect(state) {
  /** @template {string} T @param {T} status @returns {T|'wanted'} */
  const again = (status) => (status === 'asked' ? 'wanted' : status);
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
