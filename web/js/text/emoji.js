// Whether a message is nothing but a few emoji, which are drawn large. Pure.

const LENGTH_MAX = 40;
/** An emoji that browsers draw as a picture, with its modifiers; not © or ↔ as text. */
const EMOJI =
  /(?:\p{Emoji_Presentation}|\p{Emoji}\u{fe0f}|\p{Emoji_Modifier_Base}\p{Emoji_Modifier})[\p{Emoji_Modifier}\u{fe0f}\u{20e3}\u{200d}]*/u;
const EMOJI_ONLY = new RegExp(`^(?:${EMOJI.source}|\\p{RI}{2}|\\s){1,12}$`, 'u');

/** @param {string} text */
export function isEmojiOnly(text) {
  return text.length <= LENGTH_MAX && EMOJI_ONLY.test(text);
}
