// What the page should ask the server for, read off the state. Pure: session.js does the asking.

import { HISTORY_PAGE, EVENTS_PAGE, MEMBERS_PAGE } from './wire.js';

/** Commands in flight at a time. The server stops reading past 64. */
export const ASKED_MAX = 32;

/**
 * @typedef {{what: string, room: string, nonce?: string, command: any}} Question
 * @param {import('./state.js').State} state
 * @returns {Question[]}
 */
export function needs(state) {
  if (state.link.status !== 'live') return [];
  const all = [...state.rooms.values()].flatMap(needsOfRoom);
  return all.slice(0, Math.max(0, ASKED_MAX - state.asked.size));
}

/** @param {import('./room.js').Room} r @returns {Question[]} */
function needsOfRoom(r) {
  const room = r.name;
  const questions = [];
  if (r.history === 'wanted') questions.push({ what: 'latest', room, command: { type: 'history', room, limit: HISTORY_PAGE } });
  if (r.catchUp === 'wanted') questions.push({ what: 'catchUp', room, command: { type: 'events', room, after: r.cursor, limit: EVENTS_PAGE } });
  const oldest = r.entries.find((entry) => entry.kind === 'message');
  if (r.older === 'wanted' && r.history === 'ready') {
    questions.push({ what: 'older', room, command: { type: 'history', room, before: oldest?.seq ?? r.cursor + 1, limit: HISTORY_PAGE } });
  }
  if (r.roster === 'wanted') {
    const after = r.rosterAfter ? { after: r.rosterAfter } : {};
    questions.push({ what: 'roster', room, command: { type: 'members', room, ...after, limit: MEMBERS_PAGE } });
  }
  for (const p of r.pending) {
    if (p.status === 'queued') questions.push({ what: 'send', room, nonce: p.nonce, command: { type: 'send', room, text: p.text, nonce: p.nonce } });
  }
  return questions;
}
