// Tells the controller up to which message the reader has read: what stood in view while the page had their attention.

const LOOK_EVERY_MS = 300;

export function isPresent() {
  return document.visibilityState === 'visible' && document.hasFocus();
}

/**
 * @param {HTMLElement} log
 * @param {HTMLElement} list
 * @param {import('../controller.js').Controller} controller
 */
export function createSeen(log, list, controller) {
  /** @type {import('../state/room.js').Room|null} */ let room = null;
  /** @type {any} */ let timer = null;

  function report() {
    timer = null;
    if (
      !room ||
      room.history !== 'ready' ||
      !isPresent() ||
      room.name !== controller.state().current
    ) {
      return;
    }
    const seq = lastInView(room);
    if (seq > room.readSeq) controller.intend('seen', { room: room.name, seq });
  }

  /** @param {import('../state/room.js').Room} now */
  function lastInView(now) {
    const edge = log.scrollTop + log.clientHeight;
    if (!now.past && log.scrollHeight - edge < 48) return now.cursor;
    for (
      let row = /** @type {HTMLElement|null} */ (list.lastElementChild);
      row;
      row = /** @type {HTMLElement|null} */ (row.previousElementSibling)
    ) {
      if (row.dataset.seq && row.offsetTop + row.offsetHeight <= edge) {
        return Number(row.dataset.seq);
      }
    }
    return 0;
  }

  function look() {
    timer ??= setTimeout(report, LOOK_EVERY_MS);
  }

  // Who comes back sees what came meanwhile.
  addEventListener('focus', look);
  document.addEventListener('visibilitychange', look);

  return {
    /** @param {import('../state/room.js').Room} now */
    look(now) {
      room = now;
      look();
    },
    end() {
      clearTimeout(timer);
      removeEventListener('focus', look);
      document.removeEventListener('visibilitychange', look);
    },
  };
}
