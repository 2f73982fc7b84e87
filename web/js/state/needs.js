// Derives from the state what the page should ask the server for. Pure: the controller asks.

import { EVENTS_PAGE, HISTORY_PAGE, LATEST_PAGE, MEMBERS_PAGE } from '../wire.js';
import { missingQuotes } from './quotes.js';
import { hasMark } from './unread.js';

/** Commands in flight at a time. The server stops reading past 64. */
export const ASKED_MAX = 32;

/** @typedef {import('./room.js').Room} Room */
/** @typedef {import('./initial.js').Question & {command: import('../wire.js').Command}} Need */

/** @param {import('./initial.js').State} state @returns {Need[]} */
export function needs(state) {
  if (state.link.status !== 'live') return [];
  const room = Math.max(0, ASKED_MAX - state.asked.size);
  const all = [...state.rooms.values()].flatMap((r) => needsOfRoom(r, state.pausedUntil > 0));
  for (const kept of state.commands) {
    if (kept.status === 'queued') {
      all.push({
        what: 'command',
        room: kept.command.room ?? '',
        key: kept.key,
        command: kept.command,
      });
    }
  }
  return all.slice(0, room);
}

/**
 * @param {Room} r
 * @param {boolean} isPaused whether the server asked for a pause in sending
 * @returns {Need[]}
 */
function needsOfRoom(r, isPaused) {
  if (r.closed || (r.history === 'idle' && r.pending.length === 0)) return [];
  const room = r.name;
  /** @type {Need[]} */
  const found = [];
  if (r.history === 'wanted') {
    found.push({ what: 'latest', room, command: { type: 'history', room, limit: LATEST_PAGE } });
  }
  if (r.catchUp === 'wanted') {
    found.push({
      what: 'catchUp',
      room,
      command: { type: 'events', room, after: r.cursor, limit: EVENTS_PAGE },
    });
  }
  if (r.roster === 'wanted') {
    const after = r.rosterAfter ? { after: r.rosterAfter } : {};
    found.push({
      what: 'roster',
      room,
      command: { type: 'members', room, ...after, limit: MEMBERS_PAGE },
    });
  }
  for (const p of isPaused ? [] : r.pending) {
    const reply = p.replyTo === null ? {} : { reply_to: p.replyTo };
    if (p.status === 'queued') {
      found.push({
        what: 'send',
        room,
        nonce: p.nonce,
        command: { type: 'send', room, text: p.text, nonce: p.nonce, ...reply },
      });
    }
  }
  found.push(...pages(r));
  if (hasMark(r)) {
    found.push({
      what: 'mark',
      room,
      seq: r.seenSeq,
      command: { type: 'read', room, seq: r.seenSeq },
    });
  }
  for (const seq of missingQuotes(r)) {
    found.push({
      what: 'quote',
      room,
      seq,
      command: { type: 'history', room, around: seq, limit: 1 },
    });
  }
  return found;
}

/** The pages that the reader scrolled or jumped to. @param {Room} r @returns {Need[]} */
function pages(r) {
  const room = r.name;
  const base = { type: /** @type {const} */ ('history'), room, limit: HISTORY_PAGE };
  const { past } = r;
  if (past?.status === 'wanted') {
    const where = past.after === undefined ? { around: past.around } : { after: past.after };
    return [{ what: 'around', room, command: { ...base, ...where } }];
  }
  const entries = past ? past.entries : r.entries;
  const older = past ? past.older : r.older;
  /** @type {Need[]} */
  const found = [];
  const oldest = entries.find((entry) => entry.kind === 'message');
  if (older === 'wanted' && r.history === 'ready') {
    found.push({ what: 'older', room, command: { ...base, before: oldest?.seq ?? r.cursor + 1 } });
  }
  const newest = entries.findLast((entry) => entry.kind === 'message');
  if (past?.newer === 'wanted') {
    found.push({ what: 'newer', room, command: { ...base, after: newest?.seq ?? past.around } });
  }
  return found;
}
