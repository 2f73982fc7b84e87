// The rows of a room's timeline: day lines, messages in groups, quiet lines, messages that wait to
// be sent. Pure.

import { BLOCKED } from '../messages.js';
import { keyOf, withReaction } from '../state/entries.js';
import { shown } from '../state/past.js';
import { displayName } from '../state/people.js';
import { quoteOf } from '../state/quotes.js';
import { comingsAndGoings, isComingOrGoing } from './presence-batch.js';

/** Messages of one person closer than this stand together. */
export const GROUP_MS_MAX = 5 * 60_000;

/** @typedef {import('../state/room.js').Room} Room */
/** @typedef {import('../state/room.js').Pending} Pending */
/** @typedef {import('../state/entries.js').Message} Message */
/** @typedef {import('../state/entries.js').Line} Line */
/** @typedef {import('../state/commands.js').Kept} Kept */
/** @typedef {NonNullable<ReturnType<typeof quoteOf>>} Quoted */
/**
 * A message as it is shown: one that waits to be sent, or one with the change that is on its way.
 * @typedef {Message & {pending?: Pending, change?: {status: string, error?: string}}} Shown
 */
/**
 * `stored` is the message without the changes that are on their way.
 * @typedef {{
 *   kind: 'message', key: string, entry: Shown, stored: Shown, waiting: Kept[]|undefined,
 *   starts: boolean, ends: boolean, mine: boolean, name: string, avatar: string|null,
 *   quote: Quoted|null, quoteName: string, names: boolean, blocked: boolean,
 * }} MessageRow
 * @typedef {{kind: 'system', key: string, entry: Line, parts: Line[], text: string}} LineRow
 * @typedef {{kind: 'day', key: string, ts: number}|{kind: 'new', key: string}} Divider
 * @typedef {MessageRow|LineRow|Divider} Row
 */
/**
 * @typedef {{
 *   me: string, changes: Map<number, Kept[]>, blocked: Set<string>,
 *   personOf: (username: string) => {display_name?: string, avatar?: string}|undefined,
 * }} About
 */

/** @param {Room} room @param {About} about @returns {Row[]} */
export function toRows(room, about) {
  const { me } = about;
  /** @type {Row[]} */
  const rows = [];
  let day = '';
  let lineDue = room.newFrom !== null;
  for (const entry of [...shown(room), ...unsent(room, me)]) {
    const date = new Date(entry.ts).toDateString();
    if (date !== day) rows.push({ kind: 'day', key: `day ${entry.key}`, ts: entry.ts });
    day = date;
    if (lineDue && (entry.seq ?? 0) > (room.newFrom ?? 0)) {
      lineDue = false;
      // At the very beginning of a room everything is new, which needs no line.
      const isFirst = rows.length === 1 && room.newFrom === 0;
      const isOwn = entry.kind === 'message' && entry.username === me;
      if (!isFirst && !isOwn) rows.push({ kind: 'new', key: 'new' });
    }
    if (entry.kind === 'system') addLine(rows, entry);
    else addMessage(rows, entry, room, about);
  }
  return rows;
}

/**
 * The messages that wait to be sent. The server says later whom they mention; until then any member
 * that is known counts as mentioned.
 * @param {Room} room
 * @param {string} me
 * @returns {Shown[]}
 */
function unsent(room, me) {
  if (room.past) return [];
  return room.pending.map((pending) => ({
    kind: 'message',
    key: keyOf(me, pending.nonce),
    seq: 0,
    rev: 0,
    ts: pending.ts,
    username: me,
    text: pending.text,
    bot: false,
    replyTo: pending.replyTo,
    editedTs: null,
    deleted: false,
    mentions: pending.text.includes('@') ? [...room.people.keys()] : [],
    reactions: new Map(),
    pending,
  }));
}

/** @param {Row[]} rows @param {Shown} entry @param {Room} room @param {About} about */
function addMessage(rows, entry, room, { me, personOf, changes, blocked }) {
  const nameOf = (/** @type {string} */ username) =>
    displayName({ username, display_name: personOf(username)?.display_name });
  const last = rows[rows.length - 1];
  const isBlocked = blocked.has(entry.username);
  const goesOn =
    last.kind === 'message' &&
    !isBlocked &&
    last.entry.username === entry.username &&
    entry.ts - last.entry.ts < GROUP_MS_MAX &&
    entry.replyTo === null;
  if (goesOn) last.ends = false;
  const quote = entry.replyTo === null || entry.deleted ? null : quoteOf(room, entry.replyTo);
  const waiting = changes.get(entry.seq);
  rows.push({
    kind: 'message',
    key: entry.key,
    entry: waiting ? asItWillBe(entry, waiting, me) : entry,
    stored: entry,
    waiting,
    starts: !goesOn,
    ends: true,
    mine: entry.username === me,
    name: nameOf(entry.username),
    avatar: personOf(entry.username)?.avatar ?? null,
    quote: quote && blocked.has(quote.username) ? { ...quote, text: BLOCKED } : quote,
    quoteName: quote ? nameOf(quote.username) : '',
    names: !entry.pending && entry.mentions.includes(me),
    blocked: isBlocked,
  });
}

/** @param {Row[]} rows @param {Line} entry */
function addLine(rows, entry) {
  const last = rows[rows.length - 1];
  if (last.kind !== 'system' || !isComingOrGoing(entry) || !isComingOrGoing(last.entry)) {
    return rows.push({ kind: 'system', key: entry.key, entry, parts: [entry], text: entry.text });
  }
  const parts = [...last.parts, entry];
  rows[rows.length - 1] = { ...last, parts, text: comingsAndGoings(parts) };
}

/**
 * A message with the changes of it that are on their way.
 * @param {Shown} entry
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

/** Whether two rows are drawn the same. @param {Row} a @param {Row} b */
export function sameRow(a, b) {
  if (a.kind === 'day') return b.kind === 'day' && a.ts === b.ts;
  if (a.kind === 'system') return b.kind === 'system' && a.text === b.text;
  if (a.kind === 'new' || b.kind !== 'message') return a.kind === b.kind;
  return (
    sameEntry(a.stored, b.stored) &&
    sameChanges(a.waiting, b.waiting) &&
    a.starts === b.starts &&
    a.ends === b.ends &&
    a.blocked === b.blocked &&
    a.name === b.name &&
    a.avatar === b.avatar &&
    a.quoteName === b.quoteName &&
    a.quote?.text === b.quote?.text
  );
}

/**
 * Whether a message is the same. One that waits is a new object in each draw.
 * @param {Shown} a
 * @param {Shown} b
 */
function sameEntry(a, b) {
  return a === b || (a.pending !== undefined && a.pending === b.pending);
}

/** @param {Kept[]} [a] @param {Kept[]} [b] */
function sameChanges(a = [], b = []) {
  return a.length === b.length && a.every((kept, at) => kept === b[at]);
}
