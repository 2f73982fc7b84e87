// The system's notifications, for who is not looking: of mentions and direct messages, unless a room is set otherwise.

import { nameOf, titleOf } from '../state/rooms.js';
import { readKeptJson, writeKept } from '../storage.js';
import { asset } from './dom.js';
import { isPresent } from './visibility.js';

const KEY = 'notify';
/** @typedef {'mentions'|'all'|'none'} Wish */

/** @returns {Record<string, Wish>} */
function wishes() {
  return readKeptJson('localStorage', KEY) ?? {};
}

/** @param {string} room @returns {Wish} */
export function wishFor(room) {
  return wishes()[room] ?? 'mentions';
}

/** @param {string} room @param {Wish} wish */
export function setWish(room, wish) {
  writeKept('localStorage', KEY, JSON.stringify({ ...wishes(), [room]: wish }));
}

/** @returns {'granted'|'denied'|'default'|'none'} none: this browser has no notifications */
export function permission() {
  return 'Notification' in window ? Notification.permission : 'none';
}

/**
 * @param {any} frame a message of somebody else
 * @param {import('../state/initial.js').State} state
 * @param {import('../controller.js').Controller} controller
 */
export function notify(frame, state, controller) {
  const room = state.rooms.get(frame.room);
  if (!room || isPresent() || permission() !== 'granted') return;
  const wish = wishFor(frame.room);
  const forMe = room.kind === 'direct' || frame.mentions?.includes(state.me?.username);
  if (wish === 'none' || (wish === 'mentions' && !forMe)) return;
  const name = nameOf(state, frame.username);
  const shown = new Notification(
    room.kind === 'direct' ? name : `${name} in ${titleOf(state, room)}`,
    { body: frame.message, tag: `chat ${frame.room}`, icon: asset('icon-192.png') },
  );
  shown.onclick = () => {
    window.focus();
    controller.intend('jump', { room: frame.room, seq: frame.seq });
    shown.close();
  };
}
