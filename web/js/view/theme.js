// The theme, dark or light: that of the system unless the user chose one.

import { readKept, writeKept } from '../storage.js';

const KEY = 'theme';
/** @typedef {'system'|'dark'|'light'} Theme */

/** @returns {Theme} */
export function chosenTheme() {
  const theme = readKept('localStorage', KEY);
  return theme === 'dark' || theme === 'light' ? theme : 'system';
}

/** @param {Theme} [theme] */
export function applyTheme(theme = chosenTheme()) {
  document.documentElement.dataset.theme = theme;
}

/** @param {Theme} theme */
export function chooseTheme(theme) {
  applyTheme(theme);
  writeKept('localStorage', KEY, theme);
}
