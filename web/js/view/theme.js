// Dark or light: as the system has it, unless somebody chose.

const KEY = 'theme';
/** @typedef {'system'|'dark'|'light'} Theme */

/** @returns {Theme} */
export function chosenTheme() {
  try {
    const theme = localStorage.getItem(KEY);
    return theme === 'dark' || theme === 'light' ? theme : 'system';
  } catch {
    return 'system';
  }
}

/** @param {Theme} [theme] */
export function applyTheme(theme = chosenTheme()) {
  document.documentElement.dataset.theme = theme;
}

/** @param {Theme} theme */
export function chooseTheme(theme) {
  applyTheme(theme);
  try {
    localStorage.setItem(KEY, theme);
  } catch { /* Then it holds as long as the page. */ }
}
