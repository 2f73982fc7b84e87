// What stands in a message's text: links, `code` and ``` blocks of it. Pure; it only cuts, every piece stays text.

const MARKS = /```(?:[a-z0-9+#-]{0,20}\n)?([\s\S]+?)\n?```|`([^`\n]+)`|(https?:\/\/[^\s<>"'`]+)/giu;
const EMOJI_ONLY = /^(?:\p{Extended_Pictographic}[\p{Emoji_Modifier}\u{fe0f}\u{200d}]*|\p{Regional_Indicator}{2}|\s){1,12}$/u;

/** @typedef {{kind: 'text'|'code'|'block'|'link', text: string}} Piece */

/** @param {string} text @returns {Piece[]} */
export function pieces(text) {
  /** @type {Piece[]} */
  const found = [];
  let from = 0;
  for (const match of text.matchAll(MARKS)) {
    const [whole, block, code, url] = match;
    const link = url?.replace(/[.,;:!?)\]}]+$/u, '');
    const length = link === undefined ? whole.length : link.length;
    if (link !== undefined && !isLink(link)) continue;
    if (match.index > from) found.push({ kind: 'text', text: text.slice(from, match.index) });
    if (block !== undefined) found.push({ kind: 'block', text: block });
    else if (code !== undefined) found.push({ kind: 'code', text: code });
    else found.push({ kind: 'link', text: link ?? '' });
    from = match.index + length;
    // A block ends its own line.
    if (block !== undefined && text[from] === '\n') from += 1;
  }
  if (from < text.length) found.push({ kind: 'text', text: text.slice(from) });
  return found;
}

/** @param {string} text */
export function isEmojiOnly(text) {
  return text.length <= 40 && EMOJI_ONLY.test(text);
}

/** @param {string} text */
function isLink(text) {
  return URL.canParse ? URL.canParse(text) : true;
}
