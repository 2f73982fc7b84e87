// A message's text as elements. What people wrote becomes text nodes only.

import { parseText } from '../text/markup.js';
import { el } from './dom.js';

/** @typedef {import('../text/inline.js').Inline} Inline */
/** @typedef {import('../text/markup.js').Block} Block */

/** @param {string} text @param {string[]} mentions whom the message mentions */
export function createText(text, mentions) {
  const blocks = parseText(text, mentions);
  const [first] = blocks;
  // A message of one paragraph has its time on its last line.
  const isPlain = blocks.length === 1 && 'paragraph' in first;
  const children = isPlain ? first.paragraph.map(toInline) : blocks.map(toBlock);
  return el('div', { class: 'text' }, ...children);
}

/** @param {Block} block @returns {HTMLElement} */
function toBlock(block) {
  if ('paragraph' in block) return el('p', {}, ...block.paragraph.map(toInline));
  if ('quote' in block) return el('blockquote', {}, ...block.quote.map(toInline));
  if ('list' in block) {
    const items = block.list.map(({ mark, text }) =>
      el('li', {}, `${mark} `, ...text.map(toInline)),
    );
    return el('ul', {}, ...items);
  }
  const { language, text } = block.fence;
  const attributes = { tabindex: '0', 'data-language': language || null };
  return el('pre', attributes, el('code', {}, text));
}

/** @param {Inline} inline @returns {Node|string} */
function toInline(inline) {
  if ('text' in inline) return inline.text;
  if ('code' in inline) return el('code', {}, inline.code);
  if ('mention' in inline) return el('span', { class: 'mention' }, `@${inline.mention}`);
  if ('strong' in inline) return el('strong', {}, ...inline.strong.map(toInline));
  if ('emphasis' in inline) return el('em', {}, ...inline.emphasis.map(toInline));
  if ('strike' in inline) return el('s', {}, ...inline.strike.map(toInline));
  const { url, label } = inline.link;
  const shown = label.length === 1 && 'text' in label[0] ? label[0].text : '';
  // A name says nothing of where it leads, so the address is in its tooltip.
  const title = url.endsWith(shown) && shown ? null : url;
  const attributes = { href: url, title, target: '_blank', rel: 'noopener noreferrer' };
  return el('a', attributes, ...label.map(toInline));
}
