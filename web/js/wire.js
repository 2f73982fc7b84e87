// The wire, version 1: frames in, frames out, and the limits of what people may write.

import { EMPTY_MESSAGE, tooLong } from './messages.js';

/** @typedef {import('../types/wire').ServerFrame} ServerFrame */
/** @typedef {import('../types/wire').Command} Command */
/** @typedef {import('../types/wire').CommandFrame} CommandFrame */
/** @typedef {import('../types/wire').RoomInfo} RoomInfo */
/** @typedef {import('../types/wire').RoomKind} RoomKind */
/** @typedef {import('../types/wire').Role} Role */
/** @typedef {import('../types/wire').SessionInfo} SessionInfo */
/** @typedef {Extract<ServerFrame, {type: 'chat'}>} ChatFrame */
/** @typedef {Extract<ServerFrame, {type: 'system'}>} SystemFrame */
/** @typedef {Extract<ServerFrame, {type: 'edited'|'deleted'|'reacted'}>} Change */
/** @typedef {ChatFrame|Change|(SystemFrame & {seq: number})} NumberedFrame */
/** @typedef {Extract<ServerFrame, {type: 'history'}>} HistoryFrame */
/** @typedef {Extract<ServerFrame, {type: 'events'}>} EventsFrame */
/** @typedef {Extract<ServerFrame, {type: 'members'}>} MembersFrame */
/** @typedef {Extract<ServerFrame, {type: 'presence'}>} PresenceFrame */
/** @typedef {Extract<ServerFrame, {type: 'profile'}>} ProfileFrame */
/** @typedef {Extract<ServerFrame, {type: 'read'}>} ReadFrame */

export const VERSION = 1;
export const TEXT_CHARACTERS_MAX = 4000;
export const HISTORY_PAGE = 50;
/** The first page: what fills a screen, so that it is there soon. */
export const LATEST_PAGE = 25;
export const EVENTS_PAGE = 500;
export const MEMBERS_PAGE = 200;

/**
 * Reads a frame from the server; null if the text is none. Unknown types and fields pass.
 * @param {string} text
 * @returns {any}
 */
export function parse(text) {
  let frame;
  try {
    frame = JSON.parse(text);
  } catch {
    return null;
  }
  const isFrame =
    frame !== null &&
    typeof frame === 'object' &&
    !Array.isArray(frame) &&
    typeof frame.type === 'string';
  const isWhole =
    isFrame &&
    listsAreLists(frame) &&
    (frame.type !== 'room' || typeof frame.room?.room === 'string');
  return isWhole ? frame : null;
}

/**
 * Frames whose lists the state walks, so a frame without them is none.
 * @type {Record<string, string>}
 */
const LISTS = {
  welcome: 'rooms',
  rooms_state: 'rooms',
  history: 'messages',
  events: 'events',
  members: 'members',
  results: 'messages',
  rooms: 'rooms',
  typing: 'usernames',
};
const OPTIONAL_LISTS = ['usernames', 'online', 'offline'];
const WITH_MENTIONS = ['chat', 'edited'];

/** @param {any} frame */
function listsAreLists(frame) {
  const list = Object.hasOwn(LISTS, frame.type) ? frame[LISTS[frame.type]] : [];
  const isList =
    Array.isArray(list) &&
    (frame.type === 'typing' || list.every((item) => item !== null && typeof item === 'object'));
  const optional = WITH_MENTIONS.includes(frame.type)
    ? [...OPTIONAL_LISTS, 'mentions']
    : OPTIONAL_LISTS;
  return (
    isList && optional.every((name) => frame[name] === undefined || Array.isArray(frame[name]))
  );
}

/**
 * The first frame. The cookie says who we are.
 * @param {string|null} log
 * @param {Record<string, number>} resume
 */
export function hello(log, resume) {
  const known = log !== null && Object.keys(resume).length > 0;
  return {
    type: 'hello',
    version: VERSION,
    client: 'chat-web/1',
    ...(known ? { log, resume } : {}),
  };
}

/** @param {string} id @param {any} command */
export function withId(id, command) {
  return { ...command, id };
}

/** @param {string} id @returns {CommandFrame} */
export function ping(id) {
  return { type: 'ping', id };
}

/**
 * What may be sent of what was typed: the text, or a sentence that says what to change.
 * @param {string} typed
 * @returns {{text: string, error: ''}|{text: '', error: string}}
 */
export function checkText(typed) {
  const text = typed.replace(/\s+$/u, '');
  const length = characters(text);
  if (length === 0) return { text: '', error: EMPTY_MESSAGE };
  if (length <= TEXT_CHARACTERS_MAX) return { text, error: '' };
  return { text: '', error: tooLong(length - TEXT_CHARACTERS_MAX) };
}

/** Unicode scalar values, as the server counts. @param {string} text */
export function characters(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** A name for one message, so that sending it again never makes a second one. @returns {string} */
export function newNonce() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
