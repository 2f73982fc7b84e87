// The rows of a room's timeline: day lines, messages in groups, quiet lines, messages that wait to
// be sent. Pure.

import { withReaction } from '../state/entries.js';
import { shown } from '../state/past.js';
import { displayName } from '../state/people.js';
import { quoteOf } from '../state/quotes.js';
import { comingsAndGoings, isComingOrGoing } from './presence-batch.js';

/** Messages of one person closer than this stand together. */
export const GROUP_MS_MAX = 5 * 60_000;

/** @typedef {import('../state/room.js').Room} Room */
/** @typedef {import('../state/commands.js').Kept} Kept */
/**
 * @typedef {{
 *   me: string, changes: Map<number, Kept[]>,
 *   personOf: (username: string) => {display_name?: string, avatar?: string}|undefined,
 * }} About
 */

/** @param {Room} room @param {About} about @returns {any[]} */
export function toRows(room, { me, personOf, changes }) {
  const nameOf = (/** @type {string} */ username) =>
    displayName({ username, display_name: personOf(username)?.display_name });
  const unsent = room.past
    ? []
    : room.pending.map((p) => ({
        kind: 'message',
        key: `${me} ${p.nonce}`,
        ts: p.ts,
        username: me,
        text: p.text,
        replyTo: p.replyTo ?? null,
        mentions: [],
        reactions: new Map(),
        pending: p,
      }));
  /** @type {any[]} */
  const rows = [];
  let day = '';
  let lineDue = room.newFrom !== null;
  for (const entry of /** @type {any[]} */ ([...shown(room), ...unsent])) {
    const date = new Date(entry.ts).toDateString();
    if (date !== day) rows.push({ kind: 'day', key: `day ${entry.key}`, ts: entry.ts });
    day = date;
    if (lineDue && entry.seq > (room.newFrom ?? 0)) {
      lineDue = false;
      // At the very beginning of a room everything is new, which needs no line.
      const isFirst = rows.length === 1 && room.newFrom === 0;
      if (!isFirst && entry.username !== me) rows.push({ kind: 'new', key: 'new' });
    }
    const last = rows[rows.length - 1];
    if (entry.kind === 'system') addLine(rows, last, entry);
    else addMessage(rows, last, entry);
  }
  return rows;

  function addMessage(
    /** @type {any[]} */ into,
    /** @type {any} */ last,
    /** @type {any} */ entry,
  ) {
    const goesOn =
      last.kind === 'message' &&
      last.entry.username === entry.username &&
      entry.ts - last.entry.ts < GROUP_MS_MAX &&
      entry.replyTo === null;
    if (goesOn) last.ends = false;
    const quote = entry.replyTo === null || entry.deleted ? null : quoteOf(room, entry.replyTo);
    const waiting = changes.get(entry.seq);
    into.push({
      kind: 'message',
      key: entry.key,
      entry: waiting ? asItWillBe(entry, waiting, me) : entry,
      stands: entry,
      waiting,
      starts: !goesOn,
      ends: true,
      mine: entry.username === me,
      name: nameOf(entry.username),
      avatar: personOf(entry.username)?.avatar ?? null,
      quote,
      quoteName: quote ? nameOf(quote.username) : '',
      names: entry.mentions.includes(me),
    });
  }
}

/** @param {any[]} rows @param {any} last @param {any} entry */
function addLine(rows, last, entry) {
  const merges = last.kind === 'system' && isComingOrGoing(entry) && isComingOrGoing(last.entry);
  if (!merges) {
    return rows.push({ kind: 'system', key: entry.key, entry, parts: [entry], text: entry.text });
  }
  const parts = [...last.parts, entry];
  rows[rows.length - 1] = { ...last, parts, text: comingsAndGoings(parts) };
}

/**
 * A message with the changes of it that are on their way.
 * @param {any} entry
 * @param {Kept[]} waiting
 * @param {string} me
 */
function asItWillBe(entry, waiting, me) {
  return waiting.reduce((now, { command, status, error }) => {
    if (command.type === 'edit') return { ...now, text: command.text, change: { status, error } };
    if (command.type === 'delete') return { ...now, change: { status } };
    if (command.type !== 'react' || Boolean(now.reactions.get(command.emoji)?.me) === command.on) {
      return now;
    }
    return { ...now, reactions: withReaction(now.reactions, command.emoji, command.on, me, me) };
  }, entry);
}

/** @param {any} a @param {any} b */
export function sameRow(a, b) {
  if (a.kind !== b.kind) return false;
  if (a.kind === 'day') return a.ts === b.ts;
  if (a.kind === 'system') return a.text === b.text;
  if (a.kind === 'new') return true;
  return (
    sameEntry(a.stands, b.stands) &&
    sameChanges(a.waiting, b.waiting) &&
    a.starts === b.starts &&
    a.ends === b.ends &&
    a.name === b.name &&
    a.avatar === b.avatar &&
    a.quoteName === b.quoteName &&
    a.quote?.text === b.quote?.text
  );
}

/**
 * A row that waits is made anew each time; what it stands for may still be the same.
 * @param {any} a
 * @param {any} b
 */
function sameEntry(a, b) {
  return a === b || (a.pending !== undefined && a.pending === b.pending);
}

/** @param {Kept[]} [a] @param {Kept[]} [b] */
function sameChanges(a = [], b = []) {
  return a.length === b.length && a.every((kept, at) => kept === b[at]);
}
