// URLs in running text: where one begins and ends.

import { beginsHost, endsUrl, isWord } from './chars.js';

/** Bytes of a URL that becomes a link, with what is cut from its end. A longer one is text. */
export const URL_BYTES_MAX = 2000;

const SCHEME = /^(?:https?:\/\/|(www\.))/iu;
const utf8 = new TextEncoder();

/** @param {string} url */
const fits = (url) => url.length <= URL_BYTES_MAX && utf8.encode(url).length <= URL_BYTES_MAX;

/**
 * The URL at the start of a text, and whether it lacks a scheme.
 * @param {string} text
 * @param {string} before the character before the text
 * @returns {{url: string, isBare: boolean}|null}
 */
export function urlAt(text, before) {
  const scheme = SCHEME.exec(text);
  if (!scheme || isWord(before) || !beginsHost(text.slice(scheme[0].length))) return null;
  const whole = text.slice(0, endOf(text));
  if (!fits(whole)) return null;
  const url = trimmed(whole);
  const host = url.slice(scheme[0].length);
  const isBare = scheme[1] !== undefined;
  const hasDomain = !isBare || host.replace(/\/+$/u, '').includes('.');
  return beginsHost(host) && hasDomain ? { url, isBare } : null;
}

/** Whether the whole text is a URL with a scheme, as in `[label](url)`. @param {string} text */
export function isUrl(text) {
  const scheme = SCHEME.exec(text);
  if (!scheme || scheme[1] !== undefined) return false;
  return fits(text) && beginsHost(text.slice(scheme[0].length)) && !endsUrl(text);
}

/**
 * Where a URL at the start of a text ends at the latest: before a character that no URL has, or
 * before a bracket that it does not open, or somewhere behind the longest URL.
 * @param {string} text
 */
function endOf(text) {
  const open = { ']': 0, '}': 0 };
  let at = 0;
  for (const c of text) {
    if (c === '[') open[']'] += 1;
    else if (c === '{') open['}'] += 1;
    else if (c === ']' || c === '}') {
      if (open[c] === 0) return at;
      open[c] -= 1;
    } else if (endsUrl(c)) return at;
    at += c.length;
    if (at > URL_BYTES_MAX) return at;
  }
  return at;
}

/**
 * A URL without the punctuation of the sentence around it, and without a `)` that it does not open.
 * @param {string} url
 */
export function trimmed(url) {
  let surplus = url.split(')').length - url.split('(').length;
  let end = url.length;
  for (; end > 0; end -= 1) {
    const last = url[end - 1];
    if (last === ')' && surplus > 0) surplus -= 1;
    else if (!".,;:!?'…".includes(last)) break;
  }
  return url.slice(0, end);
}
