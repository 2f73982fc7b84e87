// The browser's Back and Forward go from room to room. Each room that is opened is an entry of the
// browser's history; where a dialog or a drawer is open, Back closes it and stays in the room.

/** @param {{open: (room: string) => void, closeTop: () => boolean}} page */
export function createBack({ open, closeTop }) {
  let shown = '';

  /** @param {PopStateEvent} event */
  function onBack({ state }) {
    if (closeTop()) return history.pushState({ room: shown }, '');
    if (typeof state?.room === 'string') open((shown = state.room));
  }
  addEventListener('popstate', onBack);

  return {
    /** @param {string} room the open one */
    update(room) {
      if (room === shown) return;
      if (shown === '') history.replaceState({ room }, '');
      else history.pushState({ room }, '');
      shown = room;
    },
    end: () => removeEventListener('popstate', onBack),
  };
}
