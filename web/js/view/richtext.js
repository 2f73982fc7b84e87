// Cuts a message's text into pieces: markdown's inline forms, links, mentions, code. Pure; every
// piece stays text.

const MARKS = new RegExp(
  [
    /```(?:[a-z0-9+#-]{0,20}\n)?(?<block>[\s\S]+?)\n?```/,
    /`(?<code>[^`\n]+)`/,
    /(?<link>https?:\/\/[^\s<>"'`]+)/,
    /\*\*(?<strong>[^\s*](?:[^*\n]*[^\s*])?)\*\*/,
    /~~(?<strike>[^\s~](?:[^~\n]*[^\s~])?)~~/,
    /(?<![\p{L}\p{N}*])\*(?<star>[^\s*](?:[^*\n]*[^\s*])?)\*(?![\p{L}\p{N}*])/u,
    /(?<![\p{L}\p{N}_])_(?<em>[^\s_](?:[^_\n]*[^\s_])?)_(?![\p{L}\p{N}_])/u,
    /(?<![\p{L}\p{N}_.@-])@(?<mention>[a-z0-9._-]{1,32})/u,
  ]
    .map((mark) => mark.source)
    .join('|'),
  'giu',
);
/** What a browser draws as a picture, with its modifiers; © or ↔ as text is none. */
const EMOJI =
  /(?:\p{Emoji_Presentation}|\p{Emoji}\u{fe0f}|\p{Emoji_Modifier_Base}\p{Emoji_Modifier})[\p{Emoji_Modifier}\u{fe0f}\u{20e3}\u{200d}]*/u;
const EMOJI_ONLY = new RegExp(`^(?:${EMOJI.source}|\\p{RI}{2}|\\s){1,12}$`, 'u');
/** Forms within forms. */
const DEPTH_MAX = 3;

/** @typedef {{kind: 'text'|'code'|'block'|'link'|'mention', text: string}} Leaf */
/** @typedef {{kind: 'strong'|'em'|'strike', pieces: Piece[]}} Form */
/** @typedef {Leaf|Form} Piece */

/**
 * @param {string} text
 * @param {string[]} [mentions] whom the server says it names
 * @param {number} [depth]
 * @returns {Piece[]}
 */
export function pieces(text, mentions = [], depth = 0) {
  /** @type {Piece[]} */
  const found = [];
  let from = 0;
  for (const match of text.matchAll(MARKS)) {
    const [piece, length] = pieceOf(match, mentions, depth);
    if (!piece || match.index < from) continue;
    if (match.index > from) found.push({ kind: 'text', text: text.slice(from, match.index) });
    found.push(piece);
    from = match.index + length;
    // A block ends its own line.
    if (piece.kind === 'block' && text[from] === '\n') from += 1;
  }
  if (from < text.length) found.push({ kind: 'text', text: text.slice(from) });
  return found;
}

/**
 * @param {RegExpMatchArray} match
 * @param {string[]} mentions
 * @param {number} depth
 * @returns {[Piece|null, number]}
 */
function pieceOf(match, mentions, depth) {
  const { block, code, link, strong, strike, star, em, mention } = match.groups ?? {};
  const whole = match[0].length;
  const within = (/** @type {Form['kind']} */ kind, /** @type {string} */ inner) =>
    /** @type {[Piece|null, number]} */ (
      depth < DEPTH_MAX ? [{ kind, pieces: pieces(inner, mentions, depth + 1) }, whole] : [null, 0]
    );
  if (block !== undefined) return [{ kind: 'block', text: block }, whole];
  if (code !== undefined) return [{ kind: 'code', text: code }, whole];
  if (strong !== undefined) return within('strong', strong);
  if (strike !== undefined) return within('strike', strike);
  if (star !== undefined || em !== undefined) return within('em', star ?? em);
  if (link !== undefined) {
    const url = link.replace(/[.,;:!?)\]}*_~]+$/u, '');
    return URL.canParse(url) ? [{ kind: 'link', text: url }, url.length] : [null, 0];
  }
  const name = mention.replace(/[.-]+$/u, '');
  const named = [mention, name].find((one) =>
    mentions.some((other) => other.toLowerCase() === one.toLowerCase()),
  );
  return named ? [{ kind: 'mention', text: `@${named}` }, named.length + 1] : [null, 0];
}

/** @param {string} text */
export function isEmojiOnly(text) {
  return text.length <= 40 && EMOJI_ONLY.test(text);
}
