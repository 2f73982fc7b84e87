// The entries of a timeline: messages as they are now, and lines such as "ann joined". Pure.

/** @typedef {import('../wire.js').ChatFrame} ChatFrame */
/** @typedef {import('../wire.js').Change} Change */
/** @typedef {{n: number, me: boolean, who: string[]}} Reaction */
/**
 * @typedef {{
 *   kind: 'message', key: string, seq: number, rev: number, ts: number, username: string,
 *   text: string, bot: boolean, replyTo: number|null, editedTs: number|null, deleted: boolean,
 *   mentions: string[], reactions: Map<string, Reaction>,
 * }} Message
 * @typedef {{
 *   kind: 'system', key: string, seq?: number, ts: number, text: string, event: string,
 *   names: string[], passing?: boolean,
 * }} Line
 * @typedef {Message|Line} Entry
 */

/** People named under a reaction; the server names as many. */
const WHO_MAX = 10;

/**
 * One key for a message from its first keystroke to its number, so that its row stays the same
 * element.
 * @param {string} username
 * @param {string} nonce
 */
export function keyOf(username, nonce) {
  return `${username} ${nonce}`;
}

/** @param {ChatFrame} frame @returns {Message} */
export function toMessage(frame) {
  return {
    kind: 'message',
    key: frame.nonce ? keyOf(frame.username, frame.nonce) : `seq ${frame.seq}`,
    seq: frame.seq,
    rev: frame.rev ?? frame.seq,
    ts: frame.ts,
    username: frame.username,
    text: frame.message ?? '',
    bot: Boolean(frame.bot),
    replyTo: frame.reply_to ?? null,
    editedTs: frame.edited_ts ?? null,
    deleted: Boolean(frame.deleted),
    mentions: frame.mentions ?? [],
    reactions: new Map(Object.entries(frame.reactions ?? {})),
  };
}

/** @param {import('../wire.js').SystemFrame} frame @param {string} key @returns {Line} */
export function toLine(frame, key) {
  const names = frame.usernames ?? (frame.username ? [frame.username] : []);
  return {
    kind: 'system',
    key,
    seq: frame.seq,
    ts: frame.ts,
    text: frame.message ?? '',
    event: frame.event,
    names,
  };
}

/**
 * The entries with an edit, delete or reaction in them; the same list where it changes nothing.
 * @param {Entry[]} entries
 * @param {Change} change
 * @param {string} me
 * @returns {Entry[]}
 */
export function withChange(entries, change, me) {
  const at = indexOf(entries, change.target);
  const entry = entries[at];
  if (entry?.kind !== 'message' || entry.rev >= change.seq) return entries;
  const next = [...entries];
  next[at] = { ...changed(entry, change, me), rev: change.seq };
  return next;
}

/** The index of a message, or -1. @param {Entry[]} entries @param {number} seq */
export function indexOf(entries, seq) {
  return entries.findLastIndex((entry) => entry.kind === 'message' && entry.seq === seq);
}

/** @param {Message} entry @param {Change} change @param {string} me @returns {Message} */
function changed(entry, change, me) {
  if (entry.deleted) return entry;
  if (change.type === 'edited' && !change.deleted) {
    return { ...entry, text: change.message, editedTs: change.ts, mentions: change.mentions ?? [] };
  }
  if (change.type !== 'reacted') {
    const bare = { text: '', mentions: [], reactions: new Map(), editedTs: null };
    return { ...entry, ...bare, deleted: true };
  }
  return {
    ...entry,
    reactions: withReaction(entry.reactions, change.emoji, change.on, change.username, me),
  };
}

/**
 * @param {Map<string, Reaction>} before
 * @param {string} emoji
 * @param {boolean} on
 * @param {string} username
 * @param {string} me
 */
export function withReaction(before, emoji, on, username, me) {
  const reactions = new Map(before);
  const old = reactions.get(emoji) ?? { n: 0, me: false, who: [] };
  // Logs from before emoji had a normal form may have a reaction twice.
  if (on && old.who.includes(username)) return before;
  const n = old.n + (on ? 1 : -1);
  const who = old.who.filter((name) => name !== username);
  // If not everyone is named, somebody who is not named comes before this person.
  if (on && old.who.length === old.n && who.length < WHO_MAX) who.push(username);
  if (n > 0) reactions.set(emoji, { n, who, me: username === me ? on : old.me });
  else reactions.delete(emoji);
  return reactions;
}
