// Which characters are letters of words, brackets and punctuation, as far as formatting asks. The
// same tables as in `shared/src/text/chars.rs`.

/**
 * Scripts that are written without spaces between words: Thai, Lao, Myanmar, Khmer, kana and Han.
 * Beside such a character a word may begin or end.
 */
const UNSPACED =
  '\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u3040-\\u30ff\\u31f0-\\u31ff\\u3400-\\u4dbf' +
  '\\u4e00-\\u9fff\\uf900-\\ufaff\\uff66-\\uff9f\\u{20000}-\\u{3ffff}';
/** Punctuation that may stand before a word: opening brackets and quotes, dashes. */
const OPENING = '(\\[{<"\'“”‘„‚«»‹›¿¡–—（「『《，。：、';
/** Punctuation that may follow a word: closing brackets and quotes, ends of sentences, dashes. */
const CLOSING = ')\\]}>"\'”“’‘»«›‹.,!?…:;\\-–—）」』》，。！？：；、';
const MARKS = '*_~';
const LETTER = '\\p{Alphabetic}\\p{N}';
/** Characters that may come between an opening mark and the word behind it. */
const BETWEEN = `${OPENING}${MARKS}@#`;

/** @param {string} pattern */
const unicode = (pattern) => new RegExp(pattern, 'u');

const WORD = unicode(`^(?![${UNSPACED}])[${LETTER}]`);
const BEFORE_OPENING = unicode(`^[\\p{White_Space}${OPENING}${UNSPACED}${MARKS}]`);
/** What may be before a word, from `lastIndex` on. The group is the word's first letter. */
const BEFORE_WORD = new RegExp(
  `[${BETWEEN}]*(?=((?!\\p{White_Space})(?:[${LETTER}\`]|[^\\0-\\x7f]))|)`,
  'uy',
);
const NO_WORD_END = unicode('^[\\p{White_Space}(\\[{\\\\]');
const BEHIND_CLOSING = unicode(`^[\\p{White_Space}${CLOSING}${UNSPACED}${MARKS}]`);
const HOST = unicode(`^[${LETTER}\\[]`);
/** Where a URL ends: white space, controls, quotes, CJK and full-width punctuation. */
const URL_END = unicode(
  '[\\p{White_Space}\\p{Cc}<>"`“”„‟‘’‚«»‹›\\u3000-\\u303f\\uff00-\\uff0f\\uff1a-\\uff20' +
    '\\uff3b-\\uff40\\uff5b-\\uff65]',
);

/** Whether a character is a letter or digit of a word, so that no word begins or ends there. */
export const isWord = (/** @type {string} */ c) => WORD.test(c);
/** Whether a URL's host may begin so. */
export const beginsHost = (/** @type {string} */ text) => HOST.test(text);
/** Whether a character ends a URL wherever it is. */
export const endsUrl = (/** @type {string} */ c) => URL_END.test(c);

/** Whether a mark may open behind this character, empty at the start of the line. */
export const mayOpen = (/** @type {string} */ before) =>
  before === '' || BEFORE_OPENING.test(before);

/**
 * Returns a function that says whether a word begins at a place of the line, with opening
 * punctuation and marks before it allowed. Asked from the left to the right, it reads every
 * character once, however long a run of punctuation is.
 * @param {string} line
 */
export function wordStarts(line) {
  let start = -1;
  let isWord = false;
  return (/** @type {number} */ at) => {
    if (at > start) {
      BEFORE_WORD.lastIndex = at;
      isWord = Boolean(BEFORE_WORD.exec(line)?.[1]);
      start = BEFORE_WORD.lastIndex;
    }
    return isWord;
  };
}

/**
 * Whether a mark closes: at the end of a word.
 * @param {string} before the character before the mark, empty at the start of the line
 * @param {string} after the rest of the line
 */
export function mayClose(before, after) {
  const endsWord = before !== '' && !NO_WORD_END.test(before);
  return endsWord && (after === '' || BEHIND_CLOSING.test(after));
}
