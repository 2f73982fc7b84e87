// Reports up to which message the user has read: those that were in view while the page had their
// attention.

const LOOK_EVERY_MS = 300;
/** Nearer to the end than this, all of the room is in view. */
const END_PX = 48;

export function isPresent() {
  return document.visibilityState === 'visible' && document.hasFocus();
}

/** @typedef {import('../state/room.js').Room} Room */

/**
 * @param {HTMLElement} log
 * @param {HTMLElement} list
 * @param {import('../controller.js').Controller} controller
 */
export function createVisibility(log, list, controller) {
  /** @type {Room|null} */ let room = null;
  /** @type {ReturnType<typeof setTimeout>|null} */ let timer = null;

  function report() {
    timer = null;
    if (!room || room.history !== 'ready' || !isPresent()) return;
    if (room.name !== controller.state().current || room.closed) return;
    const seq = lastInView(room);
    if (seq > room.readSeq) controller.intend('seen', { room: room.name, seq });
  }

  /** The newest message whose lower edge is in view; 0 where none is. @param {Room} now */
  function lastInView({ past, cursor }) {
    if (past && past.status !== 'ready') return 0;
    const edge = log.scrollTop + log.clientHeight;
    if (!past && log.scrollHeight - edge < END_PX) return cursor;
    const rows = /** @type {HTMLElement[]} */ ([...list.children]);
    const last = rows.findLast(
      (row) => row.dataset.seq && row.offsetTop + row.offsetHeight <= edge,
    );
    return Number(last?.dataset.seq ?? 0);
  }

  function look() {
    timer ??= setTimeout(report, LOOK_EVERY_MS);
  }

  // A user who comes back sees what came meanwhile.
  addEventListener('focus', look);
  document.addEventListener('visibilitychange', look);

  return {
    /** @param {Room} now */
    look(now) {
      room = now;
      look();
    },
    end() {
      clearTimeout(timer ?? undefined);
      removeEventListener('focus', look);
      document.removeEventListener('visibilitychange', look);
    },
  };
}
