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
/** @typedef {Extract<ServerFrame, {type: 'error'}>} ErrorFrame */

export const VERSION = 1;
export const TEXT_CHARACTERS_MAX = 4000;
export const HISTORY_PAGE = 50;
/** Messages of a room's first page: enough for a screen, and few, so that they come soon. */
export const LATEST_PAGE = 25;
export const EVENTS_PAGE = 500;
export const MEMBERS_PAGE = 200;

/**
 * Reads a frame from the server; null if the text is not a frame. Unknown types and fields pass.
 * @param {string} text
 * @returns {ServerFrame|null}
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
 * The list that a frame of each type must have, because the state walks it.
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
const OPTIONAL_LISTS = ['usernames', 'online', 'offline', 'blocked'];
const WITH_MENTIONS = ['chat', 'edited'];

/** Whether the fields that must be lists are. @param {any} frame */
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
 * The first frame. The session's cookie says who the user is.
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

/** @param {string} id @param {Command} command @returns {CommandFrame} */
export function withId(id, command) {
  return { ...command, id };
}

/** The id of what a frame answers; empty if it answers nothing. @param {ServerFrame} frame */
export function idOf(frame) {
  return 're' in frame ? (frame.re ?? '') : '';
}

/** @param {string} id @returns {CommandFrame} */
export function ping(id) {
  return { type: 'ping', id };
}

/**
 * Checks what was typed: returns the text to send, or a sentence that says what to change.
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

/**
 * Cuts a text into parts that may be sent, at the ends of lines or words where there are any.
 * @param {string} typed
 * @returns {string[]}
 */
export function splitText(typed) {
  const parts = [];
  let rest = [...typed.trimEnd()];
  while (rest.length > TEXT_CHARACTERS_MAX) {
    const most = rest.slice(0, TEXT_CHARACTERS_MAX + 1);
    const line = most.lastIndexOf('\n');
    const end = line > 0 ? line : most.lastIndexOf(' ');
    const cut = end > 0 ? end : TEXT_CHARACTERS_MAX;
    parts.push(rest.slice(0, cut).join(''));
    rest = rest.slice(end > 0 ? cut + 1 : cut);
  }
  return [...parts, rest.join('')].map((part) => part.trimEnd()).filter(Boolean);
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
