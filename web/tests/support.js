// A page without a browser, and a server that answers when a test wants it.

import { initialState } from '../js/state/initial.js';
import { needs } from '../js/state/needs.js';
import { reduce } from '../js/state/state.js';

/** @param {number} seq @param {string} [username] @param {any} [more] */
export const chat = (seq, username = 'bob', more = {}) => ({
  type: 'chat',
  room: 'lobby',
  seq,
  ts: seq * 1000,
  username,
  message: `m${seq}`,
  nonce: `n${seq}`,
  ...more,
});
export const welcome = { type: 'welcome', log: 'L', rooms: [{ room: 'lobby', last_seq: 0 }] };
/** A room as the server describes it. @param {string} room @param {any} [more] */
export const info = (room, more = {}) => ({
  room,
  kind: 'public',
  topic: '',
  last_seq: 0,
  read_seq: 0,
  unread: 0,
  mentions: 0,
  role: 'member',
  members: 1,
  ...more,
});
/** @param {number} from @param {number} to */
export const chats = (from, to) =>
  Array.from({ length: to - from + 1 }, (_, at) => chat(from + at));

export function page() {
  let state = reduce(initialState(), { intent: 'signedIn', me: { username: 'ann' } });
  let id = 0;
  const self = {
    get room() {
      return /** @type {any} */ (state.rooms.get('lobby'));
    },
    get state() {
      return state;
    },
    texts: () => self.room.entries.map((/** @type {any} */ entry) => entry.text),
    frames(/** @type {any[]} */ ...frames) {
      for (const frame of frames) state = reduce(state, { frame, now: 0 });
      return self;
    },
    intend(/** @type {string} */ intent, fields = {}) {
      state = reduce(state, { intent, room: 'lobby', ...fields });
      return self;
    },
    /** Sends what is needed, and says what it was. */
    ask() {
      return needs(state).map((question) => {
        id += 1;
        state = reduce(state, { intent: 'asked', id: String(id), question });
        return /** @type {any} */ ({ ...question.command, id: String(id) });
      });
    },
    drop: () => self.intend('link', { link: { status: 'waiting' } }),
    /** In the lobby, with these messages read. */
    open(/** @type {any[]} */ messages = [], asOf = messages.at(-1)?.seq ?? 0, more = false) {
      self.frames({
        ...welcome,
        rooms: [{ room: 'lobby', last_seq: asOf, read_seq: asOf, unread: 0, mentions: 0 }],
      });
      const latest = self.ask().find((command) => command.type === 'history');
      return self.frames({
        type: 'history',
        re: latest.id,
        room: 'lobby',
        as_of: asOf,
        messages,
        more_before: more,
      });
    },
    /**
     * Answers the history that is wanted now from a log of messages 1 to `tip`.
     * @param {number} tip
     */
    turn(tip) {
      const command = self.ask().find((one) => one.type === 'history');
      if (!command) return null;
      const half = Math.floor(command.limit / 2);
      const [from, to] = command.before
        ? [command.before - command.limit, command.before - 1]
        : command.after
          ? [command.after + 1, command.after + command.limit]
          : command.around
            ? [command.around - half, command.around + half - 1]
            : [tip - command.limit + 1, tip];
      const [first, last] = [Math.max(1, from), Math.min(tip, to)];
      self.frames({
        type: 'history',
        re: command.id,
        room: 'lobby',
        as_of: tip,
        messages: chats(first, last),
        more_before: first > 1,
        more_after: last < tip,
      });
      return command;
    },
  };
  return self;
}
