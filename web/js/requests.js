// The requests of the page that wait: a query waits for one frame, a command for its outcome.

import { idOf } from './wire.js';

/** @typedef {import('./wire.js').ServerFrame} ServerFrame */
/** @typedef {{ok: boolean, msg: string}} Outcome */

export function createRequests() {
  let lastId = 0;
  /** @type {Map<string, (frame: ServerFrame) => void>} */ const questions = new Map();
  /** @type {Map<string, (outcome: Outcome) => void>} */ const commands = new Map();

  return {
    nextId() {
      lastId += 1;
      return `w${lastId}`;
    },
    /** @param {string} id @param {(frame: ServerFrame) => void} resolve */
    ask: (id, resolve) => questions.set(id, resolve),
    /**
     * Hands a frame to the question that it answers.
     * @param {ServerFrame} frame
     * @returns {boolean} whether there is one
     */
    answer(frame) {
      const id = idOf(frame);
      const resolve = questions.get(id);
      questions.delete(id);
      resolve?.(frame);
      return resolve !== undefined;
    },
    /** Answers all questions, because the connection is gone. @param {ServerFrame} frame */
    abandon(frame) {
      for (const resolve of questions.values()) resolve(frame);
      questions.clear();
    },
    /** @param {string} key @param {(outcome: Outcome) => void} resolve */
    wait: (key, resolve) => commands.set(key, resolve),
    /** @param {string} key @param {Outcome} outcome */
    settle(key, outcome) {
      commands.get(key)?.(outcome);
      commands.delete(key);
    },
  };
}
