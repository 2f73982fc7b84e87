// Holds the page's view of a room to the scripts that every client is held to.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';
import { initialState } from '../js/state/initial.js';
import { shown } from '../js/state/past.js';
import { displayName } from '../js/state/people.js';
import { quoteOf } from '../js/state/quotes.js';
import { reduce } from '../js/state/state.js';

const folder = new URL('../../shared/golden/folds/', import.meta.url);
const ME = 'ann';

/** The subject of a question, by its position. @param {any} command */
function whatOf(command) {
  if (command.type === 'members') return 'roster';
  if (command.around !== undefined) return 'around';
  if (command.before !== undefined) return 'older';
  return command.after === undefined ? 'latest' : 'newer';
}

/** Asks for what a script asks for, as the page does when its user opens or scrolls a room.
 * @param {any} state
 * @param {any} command
 */
function ask(state, command) {
  const { room, id } = command;
  const what = whatOf(command);
  let next = state;
  if (state.current !== room) next = reduce(next, { intent: 'open', room });
  if (what === 'around') next = reduce(next, { intent: 'jump', room, seq: command.around });
  return reduce(next, { intent: 'asked', id, question: { what, room } });
}

/** An entry as the scripts write it. @param {any} room @param {any} entry */
function written(room, entry) {
  if (entry.kind === 'system') {
    const about = entry.names.length === 1 ? { about: entry.names[0] } : {};
    return { seq: entry.seq, system: entry.event, ...about };
  }
  const reactions = Object.fromEntries(entry.reactions);
  return {
    seq: entry.seq,
    from: entry.username,
    text: entry.text,
    ...(entry.deleted ? { deleted: true } : {}),
    ...(entry.editedTs && !entry.deleted ? { edited: true } : {}),
    ...(entry.bot ? { bot: true } : {}),
    ...(entry.mentions.includes(ME) && entry.username !== ME ? { names_me: true } : {}),
    ...(entry.replyTo === null ? {} : { reply_to: entry.replyTo, quote: quoted(room, entry) }),
    ...(entry.reactions.size > 0 ? { reactions } : {}),
  };
}

/** @param {any} room @param {any} entry */
function quoted(room, { replyTo }) {
  const quote = quoteOf(room, replyTo);
  if (!quote) return null;
  return quote.deleted
    ? { from: quote.username, deleted: true }
    : { from: quote.username, text: quote.text };
}

/** @param {any} person */
function writtenPerson(person) {
  const { username, role, online, muted } = person;
  return { username, name: displayName(person), role, online, ...(muted ? { muted } : {}) };
}

/** The fields of `expect` as the page has them. @param {any} room @returns {Record<string, any>} */
function viewOf(room) {
  if (!room || room.closed) return { gone: true };
  const entries = (/** @type {any[]} */ list) =>
    list.filter((entry) => entry.seq !== undefined).map((entry) => written(room, entry));
  const isPast = room.past?.status === 'ready';
  const people = [...room.people.values()].sort((a, b) => (a.username < b.username ? -1 : 1));
  return {
    gone: false,
    seq: room.heardSeq,
    topic: room.topic,
    role: room.role,
    members: room.members,
    read_seq: room.readSeq,
    unread: room.unread,
    mentions: room.mentions,
    live: entries(room.entries),
    shown: entries(shown(room)),
    older: isPast ? room.past.moreBefore : room.moreBefore,
    newer: isPast,
    people: people.map(writtenPerson),
  };
}

for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
  const script = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
  test(`${file}: ${script.about}`, () => {
    let state = reduce(initialState(), { intent: 'signedIn', me: { username: ME } });
    for (const [at, step] of script.steps.entries()) {
      if (step.frame) state = reduce(state, { frame: step.frame, now: 0 });
      if (step.ask) state = ask(state, step.ask);
      if (step.do === 'show_live_end') {
        state = reduce(state, { intent: 'toEnd', room: script.room });
      }
      if (!step.expect) continue;
      const view = viewOf(state.rooms.get(script.room));
      const compared = Object.fromEntries(
        Object.keys(step.expect).map((name) => [name, view[name]]),
      );
      assert.deepEqual(compared, step.expect, `step ${at + 1}`);
    }
  });
}
