// The formatting within a line: emphasis, code, links, mentions. A line is read twice: `tokensOf`
// cuts it into code, links, mentions, marks and text, and `build` pairs the marks with a stack. A
// mark that finds no partner is text.

import { isWord, mayClose, mayOpen, wordStarts } from './chars.js';
import { URL_BYTES_MAX, isUrl, trimmed, urlAt } from './links.js';

/** Characters of a username at most. */
const NAME_MAX = 32;

/** The formatting that each mark gives to the text in it. @type {Record<string, string>} */
const FORMS = { '*': 'emphasis', _: 'emphasis', '**': 'strong', '***': 'both', '~~': 'strike' };
const isMark = (/** @type {string} */ run) => Object.hasOwn(FORMS, run);

/**
 * @typedef {{text: string}|{code: string}|{mention: string}
 *   |{link: {url: string, label: Inline[]}}
 *   |{strong: Inline[]}|{emphasis: Inline[]}|{strike: Inline[]}} Inline
 */
/** @typedef {{mark: string, opens: boolean, closes: boolean}} Mark */
/** A token, and its length in the line. @typedef {[Inline|Mark, number]} Taken */

/**
 * Reads the formatting of one line.
 * @param {string} line
 * @param {string[]} mentions the usernames that the message mentions
 * @returns {Inline[]}
 */
export function parseLine(line, mentions) {
  return build(tokensOf(line, mentions));
}

/** @param {string} line @param {string[]} mentions @returns {(Inline|Mark)[]} */
function tokensOf(line, mentions) {
  const codeEnds = backtickRuns(line);
  const beginsWord = wordStarts(line);
  /** @type {Set<string>} marks that were opened and not closed yet */ const open = new Set();
  /** @type {(Inline|Mark)[]} */ const tokens = [];
  let textFrom = 0;
  let before = '';
  let at = 0;

  /** Whether an opening mark is right before `at`, so that no word is. */
  const isBehindMark = () => {
    const last = tokens.at(-1);
    return textFrom === at && last !== undefined && 'mark' in last && last.opens;
  };

  /** @param {string} c @returns {Taken|null} */
  function take(c) {
    if (c === '`') return code(line, at, codeEnds);
    if ('*_~'.includes(c)) return mark(line, at, before, open, beginsWord);
    if (c === '[') return namedLink(line.slice(at));
    if (c === '@') return mention(line.slice(at + 1), isBehindMark() ? '' : before, mentions);
    return /[hw]/iu.test(c) ? bareUrl(line.slice(at), before, open) : null;
  }

  while (at < line.length) {
    const c = String.fromCodePoint(line.codePointAt(at) ?? 0);
    const taken = take(c);
    // A run of marks or backticks that means nothing is text as a whole.
    const length = taken?.[1] ?? ('`*_~'.includes(c) ? runAt(line, at).length : c.length);
    if (taken) {
      if (textFrom < at) tokens.push({ text: line.slice(textFrom, at) });
      tokens.push(taken[0]);
      textFrom = at + length;
    }
    at += length;
    before = lastCharacter(line, at);
  }
  if (textFrom < at) tokens.push({ text: line.slice(textFrom) });
  return tokens;
}

/** The run of one character that begins at a place. @param {string} line @param {number} at */
function runAt(line, at) {
  let end = at + 1;
  while (line[end] === line[at]) end += 1;
  return line.slice(at, end);
}

/** The character that ends at a place. @param {string} line @param {number} end */
function lastCharacter(line, end) {
  const isPair = /[\udc00-\udfff]/.test(line[end - 1]);
  return line.slice(end - (isPair ? 2 : 1), end);
}

/**
 * For each run of backticks, by its place: where the next run of the same length begins.
 * @param {string} line
 */
function backtickRuns(line) {
  /** @type {Map<number, number>} */ const ends = new Map();
  /** @type {Map<number, number>} by length */ const last = new Map();
  for (const { 0: run, index } of line.matchAll(/`+/gu)) {
    const opener = last.get(run.length);
    if (opener !== undefined) ends.set(opener, index);
    last.set(run.length, index);
  }
  return ends;
}

/**
 * @param {string} line
 * @param {number} at
 * @param {Map<number, number>} codeEnds
 * @returns {Taken|null}
 */
function code(line, at, codeEnds) {
  const end = codeEnds.get(at);
  if (end === undefined) return null;
  const { length } = runAt(line, at);
  return [{ code: line.slice(at + length, end) }, end + length - at];
}

/**
 * @param {string} line
 * @param {number} at
 * @param {string} before
 * @param {Set<string>} open
 * @param {(at: number) => boolean} beginsWord
 * @returns {Taken|null}
 */
function mark(line, at, before, open, beginsWord) {
  const run = runAt(line, at);
  if (!isMark(run)) return null;
  const end = at + run.length;
  const opens = mayOpen(before) && beginsWord(end);
  const closes = mayClose(before, line.slice(end));
  if (open.has(run) && closes) open.delete(run);
  else if (opens) open.add(run);
  return [{ mark: run, opens, closes }, run.length];
}

/**
 * @param {string} text
 * @param {string} before
 * @param {Set<string>} open
 * @returns {Taken|null}
 */
function bareUrl(text, before, open) {
  const found = urlAt(text, before);
  if (!found) return null;
  let { url } = found;
  // A mark that was opened before the URL may be closed at its end.
  const stillOpen = new Set(open);
  for (;;) {
    const run = /(?<!\*)\*+$|(?<!_)_+$|(?<!~)~+$/u.exec(url)?.[0] ?? '';
    if (!stillOpen.delete(run)) break;
    url = trimmed(url.slice(0, -run.length));
  }
  const href = found.isBare ? `https://${url}` : url;
  return [{ link: { url: href, label: [{ text: url }] } }, url.length];
}

/** @param {string} text that begins with `[` @returns {Taken|null} */
function namedLink(text) {
  const [, name = ''] = /^\[([^[\]]*)\]\((?=https?:\/\/)/iu.exec(text) ?? [];
  if (!/\P{White_Space}/u.test(name)) return null;
  const from = name.length + 3;
  const end = balancedEnd(text, from);
  const url = text.slice(from, end);
  if (end < 0 || !isUrl(url)) return null;
  const label = parseLine(name, []);
  // A label with a link in it would show one address and lead to another.
  return hasLink(label) ? null : [{ link: { url, label } }, end + 1];
}

/**
 * Where the bracket is that closes `](`; -1 where none is.
 * @param {string} text
 * @param {number} from
 */
function balancedEnd(text, from) {
  let depth = 0;
  for (let at = from; at < text.length && at - from <= URL_BYTES_MAX; at += 1) {
    if (text[at] === '(') depth += 1;
    else if (text[at] === ')' && depth === 0) return at;
    else if (text[at] === ')') depth -= 1;
    else if (/\p{White_Space}/u.test(text[at])) return -1;
  }
  return -1;
}

/** @param {Inline[]} inlines @returns {boolean} */
function hasLink(inlines) {
  return inlines.some((inline) => {
    const [[kind, inner]] = Object.entries(inline);
    return kind === 'link' || (Array.isArray(inner) && hasLink(inner));
  });
}

/** Usernames are compared in lower case of ASCII. @param {string} name */
const folded = (name) => name.replace(/[A-Z]+/gu, (letters) => letters.toLowerCase());

/**
 * @param {string} text what is behind the `@`
 * @param {string} before
 * @param {string[]} mentions
 * @returns {Taken|null}
 */
function mention(text, before, mentions) {
  if (isWord(before) || (before !== '' && '_.-@'.includes(before))) return null;
  let name = /^[A-Za-z0-9._-]*/u.exec(text)?.[0].slice(0, NAME_MAX) ?? '';
  // A name may be followed by punctuation that could belong to a name.
  while (name !== '') {
    const lower = folded(name);
    if (mentions.some((other) => folded(other) === lower)) {
      return [{ mention: name }, name.length + 1];
    }
    name = name.slice(0, Math.max(0, name.search(/[._-][^._-]*$/u)));
  }
  return null;
}

/** The inlines since a mark was opened. @typedef {{mark: string, inlines: Inline[]}} Open */

/** @param {(Inline|Mark)[]} tokens @returns {Inline[]} */
function build(tokens) {
  /** @type {Open[]} */ const stack = [{ mark: '', inlines: [] }];
  const top = () => stack[stack.length - 1].inlines;

  /** Turns the opened mark at a place, which is above 0, back into text. @param {number} at */
  function unopen(at) {
    const [{ mark: text, inlines }] = stack.splice(at, 1);
    append(stack[at - 1].inlines, [{ text }, ...inlines]);
  }

  /** @param {number} at */
  function close(at) {
    while (stack.length > at + 1) unopen(stack.length - 1);
    const { mark: run, inlines } = stack.splice(at, 1)[0];
    const form = FORMS[run];
    const formatted = form === 'both' ? { strong: [{ emphasis: inlines }] } : { [form]: inlines };
    top().push(/** @type {Inline} */ (formatted));
  }

  for (const token of tokens) {
    if (!('mark' in token)) append(top(), [token]);
    else {
      const at = stack.findLastIndex(({ mark: opened }) => opened === token.mark);
      if (at > 0 && token.closes) close(at);
      else if (token.opens) {
        // Of two marks of a kind that are opened, the later one counts.
        if (at > 0) unopen(at);
        stack.push({ mark: token.mark, inlines: [] });
      } else append(top(), [{ text: token.mark }]);
    }
  }
  while (stack.length > 1) unopen(stack.length - 1);
  return stack[0].inlines;
}

/** Appends inlines, with texts that meet joined. @param {Inline[]} to @param {Inline[]} more */
export function append(to, more) {
  for (const inline of more) {
    const last = to.at(-1);
    if ('text' in inline && inline.text === '') continue;
    if (last && 'text' in last && 'text' in inline) {
      to[to.length - 1] = { text: last.text + inline.text };
    } else to.push(inline);
  }
}
