// Drafts outlive the page, for every tab of the browser. Each room's has a key of its own.

import { emptyDraft } from './state/drafts.js';
import { isEarlier, keptKeys, readKept, readOwned, writeKept, writeOwned } from './storage.js';

/** @typedef {import('./state/initial.js').State} State */
/** @typedef {import('./state/drafts.js').Draft} Draft */
/** @typedef {import('./storage.js').Owner} Owner */

/**
 * Writes down the drafts that changed.
 * @param {State} state
 * @param {State|null} before the state that was written last, null where none was
 * @param {Owner} owner
 */
export function saveDrafts(state, before, owner) {
  if (state.drafts === before?.drafts) return;
  for (const room of before?.drafts.keys() ?? []) {
    if (!state.drafts.has(room)) writeOwned('draft', owner, room, null);
  }
  for (const [room, draft] of state.drafts) {
    if (draft !== before?.drafts.get(room)) writeOwned('draft', owner, room, draft);
  }
}

/** @param {Owner} owner @returns {[string, Draft][]} by room */
export function loadDrafts(owner) {
  takeEarlier(owner);
  return readOwned('draft', owner).flatMap(([room, saved]) => {
    const draft = readDraft(saved);
    return draft ? [/** @type {[string, Draft]} */ ([room, draft])] : [];
  });
}

/**
 * Reads what was kept as a draft; null if it is not one.
 * @param {Partial<Draft>|null} saved
 * @returns {Draft|null}
 */
export function readDraft(saved) {
  if (typeof saved?.text !== 'string') return null;
  const { text, reply, edit } = saved;
  const isReply = typeof reply?.seq === 'number' && typeof reply.text === 'string';
  const isEdit = typeof edit?.seq === 'number' && typeof edit.text === 'string';
  return { ...emptyDraft, text, reply: isReply ? reply : null, edit: isEdit ? edit : null };
}

/** Takes over what an earlier version of the page kept in this tab. @param {Owner} owner */
function takeEarlier(owner) {
  const start = `draft ${owner.username} `;
  for (const key of keptKeys('sessionStorage')) {
    if (!isEarlier(key, owner.username) || !key.startsWith(start)) continue;
    const text = readKept('sessionStorage', key);
    if (text) writeOwned('draft', owner, key.slice(start.length), { ...emptyDraft, text });
    writeKept('sessionStorage', key, null);
  }
}
