// The page's part of the browser's storage. Storage may be switched off or full; the page then
// works for as long as it is open.
//
// A user's value has a key of four parts: its kind, the username, the id of the server's log and a
// name within the kind. So no user is shown what another one wrote, and nothing written for one log
// is sent to another.

/** @typedef {'localStorage'|'sessionStorage'} Where all tabs of this browser, or this tab alone */
/** @typedef {{username: string, log: string}} Owner */
/** @typedef {'cache'|'command'|'draft'|'notify'|'pending'} Kind */

/** @type {Kind[]} */
const KINDS = ['cache', 'command', 'draft', 'notify', 'pending'];
const SEPARATOR = '/';

/**
 * @param {Where} where
 * @param {string} key
 * @returns {string|null}
 */
export function readKept(where, key) {
  try {
    return window[where].getItem(key);
  } catch {
    return null;
  }
}

/**
 * @param {Where} where
 * @param {string} key
 * @param {string|null} text nothing: it is forgotten
 */
export function writeKept(where, key, text) {
  try {
    if (text) window[where].setItem(key, text);
    else window[where].removeItem(key);
  } catch {
    // The browser keeps nothing.
  }
}

/**
 * Reads JSON; null if there is nothing or it can't be read.
 * @param {Where} where
 * @param {string} key
 * @returns {any}
 */
export function readKeptJson(where, key) {
  return parsed(readKept(where, key));
}

/** @param {Where} where @returns {string[]} */
export function keptKeys(where) {
  try {
    return Object.keys(window[where]);
  } catch {
    return [];
  }
}

/**
 * @param {Kind} kind
 * @param {Owner} owner
 * @param {string} [name]
 */
export function ownedKey(kind, { username, log }, name = '') {
  return [kind, username, log, name].map(encodeURIComponent).join(SEPARATOR);
}

/**
 * Takes a key apart; null if it has no owner.
 * @param {string} key
 * @returns {{kind: Kind, owner: Owner, name: string}|null}
 */
export function readOwnedKey(key) {
  const parts = key.split(SEPARATOR);
  const kind = /** @type {Kind} */ (parts[0]);
  if (parts.length !== 4 || !KINDS.includes(kind)) return null;
  try {
    const [, username, log, name] = parts.map(decodeURIComponent);
    return { kind, owner: { username, log }, name };
  } catch {
    return null;
  }
}

/**
 * Reads all values of a kind that an owner has, by name.
 * @param {Kind} kind
 * @param {Owner} owner
 * @returns {[string, any][]}
 */
export function readOwned(kind, owner) {
  const start = ownedKey(kind, owner);
  const keys = keptKeys('localStorage').filter((key) => key.startsWith(start));
  return keys.map((key) => [readOwnedKey(key)?.name ?? '', readKeptJson('localStorage', key)]);
}

/**
 * @param {Kind} kind
 * @param {Owner} owner
 * @param {string} name
 * @param {unknown} value null: it is forgotten
 */
export function writeOwned(kind, owner, name, value) {
  const text = value === null ? null : JSON.stringify(value);
  writeKept('localStorage', ownedKey(kind, owner, name), text);
}

/** Removes everything that was kept for a user, in every log. @param {string} username */
export function forgetUser(username) {
  for (const key of keptKeys('localStorage')) {
    if (readOwnedKey(key)?.owner.username === username) writeKept('localStorage', key, null);
  }
  for (const key of keptKeys('sessionStorage')) {
    if (isEarlier(key, username)) writeKept('sessionStorage', key, null);
  }
}

/**
 * Whether a key is one under which pages up to version 0.1 kept what this user wrote, in their tab.
 * @param {string} key
 * @param {string} username
 */
export function isEarlier(key, username) {
  return key === `outbox ${username}` || key.startsWith(`draft ${username} `);
}

/** @param {string|null} text @returns {any} */
export function parsed(text) {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}
