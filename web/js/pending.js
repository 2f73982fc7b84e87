// Keeps messages and commands that the server has not answered yet over a reload. Each has a key of
// its own, so that tabs do not overwrite each other's, and keeps its nonce, so that nothing is
// stored twice however many tabs send it.

import { isEarlier, keptKeys, readKeptJson, readOwned, writeKept, writeOwned } from './storage.js';

/** @typedef {import('./state/initial.js').State} State */
/** @typedef {import('./state/room.js').Pending} Pending */
/** @typedef {import('./state/commands.js').Kept} Kept */
/** @typedef {import('./storage.js').Owner} Owner */
/**
 * @typedef {{
 *   room: string, nonce: string, text: string, ts: number, replyTo: number|null, error?: string,
 * }} Unsent
 */

/**
 * Writes down what waits now and did not before, and removes what no longer waits.
 * @param {State} state
 * @param {State|null} before the state that was written last, null where none was
 * @param {Owner} owner
 */
export function savePending(state, before, owner) {
  write('pending', owner, messagesOf(state), messagesOf(before));
  if (state.commands === before?.commands) return;
  write('command', owner, commandsOf(state), commandsOf(before));
}

/**
 * @param {Owner} owner
 * @returns {{messages: Unsent[], commands: Kept[]}} the oldest first
 */
export function loadPending(owner) {
  takeEarlier(owner);
  const isText = (/** @type {unknown[]} */ ...values) => values.every((v) => typeof v === 'string');
  const messages = readOwned('pending', owner)
    .map(([nonce, unsent]) => ({ ...unsent, nonce }))
    .filter((unsent) => isText(unsent.room, unsent.text))
    .sort((a, b) => a.ts - b.ts);
  const commands = readOwned('command', owner)
    .map(([key, kept]) => ({ ...kept, key }))
    .filter((kept) => isText(kept.command?.type))
    .map((kept) => (kept.status === 'failed' ? kept : { ...kept, status: 'queued' }));
  return { messages, commands };
}

/**
 * @param {'pending'|'command'} kind
 * @param {Owner} owner
 * @param {Map<string, object>} now
 * @param {Map<string, object>} before
 */
function write(kind, owner, now, before) {
  for (const name of before.keys()) if (!now.has(name)) writeOwned(kind, owner, name, null);
  for (const [name, value] of now) {
    if (JSON.stringify(value) !== JSON.stringify(before.get(name))) {
      writeOwned(kind, owner, name, value);
    }
  }
}

/** @param {State|null} state @returns {Map<string, Omit<Unsent, 'nonce'>>} by nonce */
function messagesOf(state) {
  const found = new Map();
  for (const room of state?.rooms.values() ?? []) {
    for (const { nonce, text, ts, replyTo, error, status } of room.pending) {
      if (status !== 'stored') found.set(nonce, { room: room.name, text, ts, replyTo, error });
    }
  }
  return found;
}

/** @param {State|null} state @returns {Map<string, object>} by key */
function commandsOf(state) {
  const kept = (state?.commands ?? []).filter(({ command }) => command.nonce !== undefined);
  return new Map(
    kept.map(({ key, command, status, error }) => [
      key,
      {
        command,
        error,
        status: status === 'failed' ? status : 'queued',
        quiet: false,
        open: false,
      },
    ]),
  );
}

/** Takes over what an earlier version of the page kept in this tab. @param {Owner} owner */
function takeEarlier(owner) {
  for (const key of keptKeys('sessionStorage')) {
    if (!isEarlier(key, owner.username) || !key.startsWith('outbox ')) continue;
    const saved = readKeptJson('sessionStorage', key);
    for (const { nonce, ...unsent } of saved?.messages ?? []) {
      writeOwned('pending', owner, nonce, unsent);
    }
    for (const kept of saved?.commands ?? []) writeOwned('command', owner, kept.key, kept);
    writeKept('sessionStorage', key, null);
  }
}
