// The messages that replies quote, if they are not loaded. Pure.

import { indexOf, toMessage } from './entries.js';
import { shown } from './past.js';

/** Quotes kept of a room. */
const QUOTES_MAX = 200;
/** Quotes that are asked for at a time. */
const ASKED_AT_ONCE = 4;

/** @typedef {import('./room.js').Room} Room */
/**
 * @typedef {{status: 'asked'|'gone'}
 *   | {status: 'known', username: string, text: string, deleted: boolean}} Quote
 */

/**
 * Returns the message that a reply quotes, if it is known.
 * @param {Room} room
 * @param {number} seq
 * @returns {{username: string, text: string, deleted: boolean}|null}
 */
export function quoteOf(room, seq) {
  const entries = shown(room);
  const entry = entries[indexOf(entries, seq)];
  if (entry?.kind === 'message') return entry;
  const quote = room.quotes.get(seq);
  return quote?.status === 'known' ? quote : null;
}

/** The seqs to ask for. @param {Room} room @returns {number[]} */
export function missingQuotes(room) {
  if (room.history !== 'ready') return [];
  const entries = shown(room);
  const missing = new Set();
  for (const entry of entries) {
    if (entry.kind !== 'message' || entry.replyTo === null || entry.deleted) continue;
    if (!room.quotes.has(entry.replyTo) && indexOf(entries, entry.replyTo) < 0) {
      missing.add(entry.replyTo);
    }
    if (missing.size === ASKED_AT_ONCE) break;
  }
  return [...missing];
}

/** @param {Room} room @param {number} seq @param {Quote} quote @returns {Room} */
export function setQuote(room, seq, quote) {
  const quotes = new Map(room.quotes).set(seq, quote);
  const [oldest] = quotes.keys();
  if (quotes.size > QUOTES_MAX && oldest !== undefined) quotes.delete(oldest);
  return { ...room, quotes };
}

/**
 * @param {Room} room
 * @param {number} seq
 * @param {import('../wire.js').HistoryFrame} frame
 * @returns {Room}
 */
export function takeQuote(room, seq, frame) {
  const found = frame.messages.find((message) => message.seq === seq);
  if (!found) return setQuote(room, seq, { status: 'gone' });
  const { username, text, deleted } = toMessage(found);
  return setQuote(room, seq, { status: 'known', username, text, deleted });
}

/** @param {Room} room @returns {Room} */
export function dropAskedQuotes(room) {
  const quotes = new Map([...room.quotes].filter(([, quote]) => quote.status !== 'asked'));
  return quotes.size === room.quotes.size ? room : { ...room, quotes };
}
