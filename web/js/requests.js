// Who on the page waits for an answer: questions wait for one frame, commands until they are done.

/** @typedef {{ok: boolean, msg: string}} Outcome */

export function createRequests() {
  let lastId = 0;
  /** @type {Map<string, (frame: any) => void>} */ const questions = new Map();
  /** @type {Map<string, (outcome: Outcome) => void>} */ const commands = new Map();

  return {
    nextId() {
      lastId += 1;
      return `w${lastId}`;
    },
    /** @param {string} id @param {(frame: any) => void} resolve */
    ask: (id, resolve) => questions.set(id, resolve),
    /**
     * Hands a frame to the question that it answers.
     * @param {any} frame
     * @returns {boolean} whether there is one
     */
    answer(frame) {
      const resolve = questions.get(frame.re);
      questions.delete(frame.re);
      resolve?.(frame);
      return resolve !== undefined;
    },
    /** Answers all questions, because the connection is gone. @param {any} frame */
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
