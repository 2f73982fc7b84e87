// What the browser keeps for the page. It may keep nothing (switched off, full); the page then works as long as it is open.

/** @typedef {'localStorage'|'sessionStorage'} Where this browser for good, or this tab */

/** @param {Where} where @param {string} key @returns {string|null} */
export function readKept(where, key) {
  try {
    return window[where].getItem(key);
  } catch {
    return null;
  }
}

/** @param {Where} where @param {string} key @param {string|null} text nothing: it is forgotten */
export function writeKept(where, key, text) {
  try {
    if (text) window[where].setItem(key, text);
    else window[where].removeItem(key);
  } catch {
    /* Said above. */
  }
}

/**
 * What was kept as JSON; null where there is nothing or it can't be read.
 * @param {Where} where
 * @param {string} key
 * @returns {any}
 */
export function readKeptJson(where, key) {
  try {
    return JSON.parse(readKept(where, key) ?? 'null');
  } catch {
    return null;
  }
}

/** @param {Where} where @returns {string[]} */
export function keptKeys(where) {
  try {
    return Object.keys(window[where]);
  } catch {
    return [];
  }
}
