// Reads the formatting of a message as a tree of blocks. PROTOCOL.md, "Message text", is its
// specification, and `shared/golden/text` has the vectors that every client is held to. Text that
// is not formatting is in the tree exactly as typed. Pure.

import { append, parseLine } from './inline.js';

const FENCE = /^```([A-Za-z0-9+#._-]{0,20})\p{White_Space}*$/u;
const ITEM = /^([-*]|[0-9]{1,9}[.)]) (?=\P{White_Space})/u;

/** @typedef {import('./inline.js').Inline} Inline */
/** @typedef {{mark: string, text: Inline[]}} Item */
/**
 * @typedef {{paragraph: Inline[]}|{quote: Inline[]}|{list: Item[]}
 *   |{fence: {language: string, text: string}}} Block
 */

/**
 * @param {string} text
 * @param {string[]} [mentions] the usernames that the message mentions
 * @returns {Block[]}
 */
export function parseText(text, mentions = []) {
  const lines = text.split('\n');
  const ends = fenceEnds(lines);
  /** @type {Block[]} */ const blocks = [];
  for (let at = 0; at < lines.length; at += 1) {
    const fence = FENCE.exec(lines[at]);
    const end = ends[at];
    if (fence && end !== undefined) {
      const inner = lines.slice(at + 1, end).join('\n');
      blocks.push({ fence: { language: fence[1], text: inner } });
      at = end;
    } else takeLine(blocks, lines[at], mentions);
  }
  return blocks;
}

/** For each line, the nearest later one that is only a fence. @param {string[]} lines */
function fenceEnds(lines) {
  /** @type {(number|undefined)[]} */ const ends = [];
  /** @type {number|undefined} */ let next;
  for (let at = lines.length - 1; at >= 0; at -= 1) {
    ends[at] = next;
    if (FENCE.exec(lines[at])?.[1] === '') next = at;
  }
  return ends;
}

/** @param {Block[]} blocks @param {string} line @param {string[]} mentions */
function takeLine(blocks, line, mentions) {
  const last = blocks.at(-1);
  const item = ITEM.exec(line);
  if (item) {
    const text = parseLine(line.slice(item[0].length), mentions);
    const parsed = { mark: item[1], text };
    if (last && 'list' in last) last.list.push(parsed);
    else blocks.push({ list: [parsed] });
    return;
  }
  const isQuote = line === '>' || line.startsWith('> ');
  const inlines = parseLine(isQuote ? line.slice(2) : line, mentions);
  if (isQuote && last && 'quote' in last) append(last.quote, [{ text: '\n' }, ...inlines]);
  else if (isQuote) blocks.push({ quote: inlines });
  else if (last && 'paragraph' in last) append(last.paragraph, [{ text: '\n' }, ...inlines]);
  else blocks.push({ paragraph: inlines });
}
