// Commands that change something. Each is kept until it is answered, over reconnects and reloads,
// under one nonce. Pure.

import { TOO_MUCH_WAITS } from '../messages.js';
import { inRoom } from './rooms.js';

/** Commands that are kept at a time. */
export const COMMANDS_MAX = 100;

/** @typedef {import('./initial.js').State} State */
/** @typedef {import('../wire.js').Command} Command */
/**
 * A command until the server has answered it. With `quiet`, its caller shows its errors.
 * @typedef {{
 *   key: string, command: Command & {room?: string, seq?: number, nonce?: string},
 *   status: 'queued'|'sent'|'failed', error?: string, quiet?: boolean, open?: boolean,
 * }} Kept
 */

/** @param {State} state @param {Kept} kept @returns {State} */
export function keep(state, kept) {
  if (state.commands.length >= COMMANDS_MAX) {
    return { ...state, notice: TOO_MUCH_WAITS };
  }
  return {
    ...state,
    commands: [...state.commands.filter((other) => !replaces(kept, other)), kept],
  };
}

/** @param {State} state @param {string} key @param {Partial<Kept>} change @returns {State} */
export function changeKept(state, key, change) {
  return {
    ...state,
    commands: state.commands.map((kept) => (kept.key === key ? { ...kept, ...change } : kept)),
  };
}

/** @param {State} state @param {string} key @returns {State} */
export function dropKept(state, key) {
  return { ...state, commands: state.commands.filter((kept) => kept.key !== key) };
}

/**
 * Queues what was sent and not answered again, for the next connection.
 * @param {State} state
 * @returns {State}
 */
export function requeue(state) {
  if (!state.commands.some((kept) => kept.status === 'sent')) return state;
  return {
    ...state,
    commands: state.commands.map((kept) =>
      kept.status === 'sent' ? { ...kept, status: 'queued' } : kept,
    ),
  };
}

/**
 * Takes the refusal of a command. An edit stays, with the text that was written.
 * @param {State} state
 * @param {string} key
 * @param {string} message
 * @returns {State}
 */
export function refuse(state, key, message) {
  const kept = state.commands.find((one) => one.key === key);
  if (kept?.command.type === 'edit') {
    return changeKept(state, key, { status: 'failed', error: message });
  }
  const dropped = dropKept(state, key);
  const next =
    kept?.command.type === 'leave'
      ? inRoom(dropped, kept.command.room ?? '', (room) => ({ ...room, leaving: false }))
      : dropped;
  return kept?.quiet ? next : { ...next, notice: message };
}

/**
 * The changes of messages that are on their way, by room and seq.
 * @param {State} state
 * @param {string} room
 * @returns {Map<number, Kept[]>}
 */
export function changesOf(state, room) {
  /** @type {Map<number, Kept[]>} */
  const changes = new Map();
  for (const kept of state.commands) {
    const { seq = 0, type } = kept.command;
    if (kept.command.room !== room || !['edit', 'delete', 'react'].includes(type)) continue;
    changes.set(seq, [...(changes.get(seq) ?? []), kept]);
  }
  return changes;
}

/**
 * A new edit of a message takes the place of one that waits or failed.
 * @param {Kept} next
 * @param {Kept} other
 */
function replaces(next, other) {
  return (
    next.command.type === 'edit' &&
    other.command.type === 'edit' &&
    other.status !== 'sent' &&
    other.command.room === next.command.room &&
    other.command.seq === next.command.seq
  );
}
