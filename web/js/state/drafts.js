// The draft of each room: the text, the message that it replies to, and an edit in progress. The
// edit hides the text, which comes back when the edit ends. Pure.

/** Drafts kept. The oldest goes when there is one more. */
export const DRAFTS_MAX = 200;

/** @typedef {import('./initial.js').State} State */
/** @typedef {import('./entries.js').Message} Message */
/** @typedef {{seq: number, username: string, text: string}} Reply the message that is answered */
/** @typedef {{seq: number, original: string, text: string}} Edit the text before and now */
/** @typedef {{text: string, reply: Reply|null, edit: Edit|null}} Draft */

/** @type {Draft} */
export const emptyDraft = { text: '', reply: null, edit: null };

/**
 * The draft of a room, an empty one where there is none.
 * @param {State} state
 * @param {string} room
 * @returns {Draft}
 */
export function draftOf(state, room) {
  return state.drafts.get(room) ?? emptyDraft;
}

/**
 * Whether the draft holds something that somebody wrote.
 * @param {Draft} draft
 */
export function holdsText(draft) {
  return (
    draft.text.trim() !== '' || (draft.edit !== null && draft.edit.text !== draft.edit.original)
  );
}

/**
 * Replaces the draft of a room; an empty one is forgotten.
 * @param {State} state
 * @param {string} room
 * @param {Draft} draft
 * @returns {State}
 */
export function setDraft(state, room, draft) {
  const drafts = new Map(state.drafts);
  drafts.delete(room);
  if (draft.text !== '' || draft.reply || draft.edit) drafts.set(room, draft);
  const [oldest] = drafts.keys();
  if (drafts.size > DRAFTS_MAX && oldest !== undefined) drafts.delete(oldest);
  return { ...state, drafts };
}

/**
 * Takes over the text of the field: that of the edit if there is one, else that of the message.
 * @param {State} state
 * @param {string} room
 * @param {string} text
 * @returns {State}
 */
export function write(state, room, text) {
  const draft = draftOf(state, room);
  if (draft.edit) return setDraft(state, room, { ...draft, edit: { ...draft.edit, text } });
  return draft.text === text ? state : setDraft(state, room, { ...draft, text });
}

/**
 * Begins a reply to a message. An edit in progress is put away first.
 * @param {State} state
 * @param {string} room
 * @param {Message} message
 * @returns {State}
 */
export function startReply(state, room, { seq, username, text }) {
  return setDraft(state, room, {
    ...draftOf(state, room),
    edit: null,
    reply: { seq, username, text },
  });
}

/**
 * Begins an edit of a message over what is written already.
 * @param {State} state
 * @param {string} room
 * @param {Message} message
 * @returns {State}
 */
export function startEdit(state, room, { seq, text }) {
  return setDraft(state, room, {
    ...draftOf(state, room),
    edit: { seq, original: text, text },
  });
}

/**
 * Ends the edit, else the reply; the text that was written stays.
 * @param {State} state
 * @param {string} room
 * @returns {State}
 */
export function dismiss(state, room) {
  const draft = draftOf(state, room);
  return setDraft(state, room, draft.edit ? { ...draft, edit: null } : { ...draft, reply: null });
}
