// What was written and is not stored yet outlives a reload of this tab, and a log-in in between.
// The nonces are kept with it, so that nothing is done twice.

import { keptKeys, readKeptJson, writeKept } from './storage.js';

const MESSAGES_MAX = 100;

/** @typedef {import('./state/initial.js').State} State */
/**
 * @typedef {{room: string, nonce: string, text: string, ts: number, replyTo: number|null, error?: string}} Unsent
 */

/** Whether something else waits than before. @param {State} state @param {State} before */
export function waitsOther(state, before) {
  if (state.commands !== before.commands) return true;
  if (state.rooms === before.rooms) return false;
  for (const [name, room] of state.rooms) {
    if (room.pending !== (before.rooms.get(name)?.pending ?? room.pending)) return true;
  }
  return state.rooms.size < before.rooms.size;
}

/** @param {State} state */
export function saveOutbox(state) {
  if (state.screen !== 'chat' || !state.me) return;
  const messages = [...state.rooms.values()].flatMap((room) =>
    room.pending
      .filter((p) => p.status !== 'stored')
      .map(({ nonce, text, ts, replyTo, error }) => ({
        room: room.name,
        nonce,
        text,
        ts,
        replyTo,
        error,
      })),
  );
  const commands = state.commands
    .filter((kept) => kept.command.nonce !== undefined)
    .map((kept) => ({ ...kept, quiet: false, open: false }));
  const waits = messages.length + commands.length > 0;
  writeKept(
    'sessionStorage',
    keyOf(state.me.username),
    waits ? JSON.stringify({ messages: messages.slice(-MESSAGES_MAX), commands }) : null,
  );
}

/**
 * @param {string} username
 * @returns {{outbox: Unsent[], commands: import('./state/commands.js').Kept[]}}
 */
export function loadOutbox(username) {
  const saved = readKeptJson('sessionStorage', keyOf(username));
  const text = (/** @type {any[]} */ ...values) =>
    values.every((value) => typeof value === 'string');
  const messages = list(saved?.messages).filter((item) =>
    text(item?.text, item?.nonce, item?.room),
  );
  const commands = list(saved?.commands).filter((item) => text(item?.key, item?.command?.type));
  return {
    outbox: messages,
    commands: commands.map((kept) =>
      kept.status === 'failed' ? kept : { ...kept, status: 'queued' },
    ),
  };
}

/**
 * Who logs out leaves nothing unsent behind for the next person at this screen.
 * @param {string} username
 */
export function forgetUnsent(username) {
  for (const key of keptKeys('sessionStorage')) {
    if (key === keyOf(username) || key.startsWith(`draft ${username} `)) {
      writeKept('sessionStorage', key, null);
    }
  }
}

/** @param {any} value @returns {any[]} */
const list = (value) => (Array.isArray(value) ? value : []);

/** @param {string} username */
const keyOf = (username) => `outbox ${username}`;
