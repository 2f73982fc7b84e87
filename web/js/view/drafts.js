// What is being written outlives a reload of this tab.

/** Storage may be switched off; a draft is then kept as long as the page. @param {string} key @param {string} text */
export function saveDraft(key, text) {
  if (!key) return;
  try {
    if (text) sessionStorage.setItem(key, text);
    else sessionStorage.removeItem(key);
  } catch { /* Nothing else depends on it. */ }
}

/** @param {string} key */
export function loadDraft(key) {
  try {
    return sessionStorage.getItem(key) ?? '';
  } catch {
    return '';
  }
}
