// The timeline's scroll position: it follows the end, stays put for a reader further up, and moves
// to a message or to the first unread one.

/** Nearer to the end than this counts as at the end. */
const END_PX = 48;
/** How long a message that was jumped to stands out. */
const TARGET_MS = 2_500;
/** Rows by whose lower edges the view is held in place. */
const ANCHORS = 4;

/** @typedef {import('../state/room.js').Room} Room */
/** @typedef {{row: HTMLElement, bottom: number}[]} Anchors */

/**
 * @param {HTMLElement} log the box that scrolls
 * @param {HTMLElement} list the rows in it
 * @param {() => void} onScroll
 */
export function createScroll(log, list, onScroll) {
  let following = true;
  let height = 0;
  /** Where the view was when that was last read: the reader's scroll is reported a frame later. */
  let scrolled = 0;

  const fromEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight;
  const bottomOf = (/** @type {HTMLElement} */ row) => row.offsetTop + row.offsetHeight;

  function followEnd() {
    following = true;
    log.scrollTop = log.scrollHeight;
    scrolled = log.scrollTop;
  }

  /** Reads off where the reader is. @param {boolean} inPast */
  function look(inPast) {
    scrolled = log.scrollTop;
    following = !inPast && fromEnd() < END_PX;
  }

  log.addEventListener(
    'scroll',
    () => {
      // A window that changed its height moves the end, not the reader.
      if (log.clientHeight === height) onScroll();
    },
    { passive: true },
  );

  new ResizeObserver(() => {
    height = log.clientHeight;
    if (following) followEnd();
  }).observe(log);

  return {
    followEnd,
    look,
    fromEnd,
    isFollowing: () => following,
    /**
     * Decides before a draw whether the view follows the end.
     * @param {{inPast: boolean, toEnd: boolean}} next
     */
    prepare({ inPast, toEnd }) {
      if (inPast) following = false;
      else if (toEnd) following = true;
      else if (log.scrollTop !== scrolled && log.clientHeight === height) look(inPast);
    },
    /** The rows in view, before a draw. @returns {Anchors} */
    anchors() {
      if (following) return [];
      const rows = /** @type {HTMLElement[]} */ ([...list.children]);
      return rows
        .filter((row) => bottomOf(row) > log.scrollTop)
        .slice(0, ANCHORS)
        .map((row) => ({ row, bottom: bottomOf(row) }));
    },
    /** Holds the view in place after a draw, or at the end. @param {Anchors} anchors */
    hold(anchors) {
      if (following) return followEnd();
      const anchor = anchors.find(({ row }) => row.isConnected);
      if (anchor) log.scrollTop += bottomOf(anchor.row) - anchor.bottom;
      scrolled = log.scrollTop;
    },
    /** Shows a message in the middle. @param {HTMLElement} row @param {boolean} inPast */
    showTarget(row, inPast) {
      row.scrollIntoView({ block: 'center' });
      row.classList.add('target');
      setTimeout(() => row.classList.remove('target'), TARGET_MS);
      look(inPast);
    },
    /**
     * Shows the line of new messages with some of what was read above it.
     * @param {HTMLElement} line
     * @param {boolean} inPast
     */
    showLine(line, inPast) {
      if (log.scrollHeight - line.offsetTop >= log.clientHeight) {
        log.scrollTop = line.offsetTop - log.clientHeight / 4;
      }
      look(inPast);
    },
    drawn() {
      height = log.clientHeight;
    },
  };
}
