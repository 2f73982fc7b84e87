// Shows the system's notifications to users who are not looking: of mentions and direct messages,
// unless a room is set otherwise. The service worker shows them, since phones allow nothing else.

import { notificationTitle } from '../messages.js';
import { ownerOf } from '../keeper.js';
import { indexOf } from '../state/entries.js';
import { nameOf, titleOf } from '../state/rooms.js';
import { ownedKey, readKeptJson, writeOwned } from '../storage.js';
import { asset } from './dom.js';
import { isPresent } from './visibility.js';

/** Under which pages up to version 0.1 kept the wishes of all rooms. */
const EARLIER_KEY = 'notify';

/** @typedef {'mentions'|'all'|'none'} Wish */
/** @typedef {import('../state/initial.js').State} State */
/** @typedef {import('../wire.js').ChatFrame} ChatFrame */

/** @param {State} state @param {string} room @returns {Wish} */
export function wishFor(state, room) {
  const owner = ownerOf(state);
  const wish = owner && readKeptJson('localStorage', ownedKey('notify', owner, room));
  const earlier = readKeptJson('localStorage', EARLIER_KEY);
  return wish ?? (earlier && Object.hasOwn(earlier, room) ? earlier[room] : 'mentions');
}

/** @param {State} state @param {string} room @param {Wish} wish */
export function setWish(state, room, wish) {
  const owner = ownerOf(state);
  if (owner) writeOwned('notify', owner, room, wish);
}

/** @returns {'granted'|'denied'|'default'|'none'} none: this browser has no notifications */
export function permission() {
  return 'Notification' in window ? Notification.permission : 'none';
}

/** @param {import('../controller.js').Controller} controller */
export function createNotifier(controller) {
  /** @type {Map<string, number>} by room: the message of its notification */
  const shown = new Map();

  /** A press on a notification opens its message. @param {MessageEvent} event */
  function onWorker({ data }) {
    if (typeof data?.jump?.room === 'string') controller.intend('jump', data.jump);
  }
  navigator.serviceWorker?.addEventListener('message', onWorker);
  // The worker opens the page at a message as /#ROOM/SEQ.
  const [, at = '', seq] = /^#(@?[a-z\d-]+)\/(\d+)$/u.exec(location.hash) ?? [];
  let wanted = at;

  /** @param {State} state */
  function openWanted({ rooms, link }) {
    if (!wanted || link.status !== 'live' || !rooms.has(wanted)) return;
    wanted = '';
    history.replaceState(history.state, '', '/');
    controller.intend('jump', { room: at, seq: Number(seq) });
  }

  return {
    /** @param {ChatFrame} frame a message of somebody else @param {State} state */
    async notify(frame, state) {
      const room = state.rooms.get(frame.room);
      if (!room || isPresent() || permission() !== 'granted') return;
      if (state.blocked.has(frame.username)) return;
      const wish = wishFor(state, frame.room);
      const isForMe = room.kind === 'direct' || frame.mentions?.includes(state.me?.username ?? '');
      if (wish === 'none' || (wish === 'mentions' && !isForMe)) return;
      const name = nameOf(state, frame.username);
      const isDirect = room.kind === 'direct';
      shown.set(frame.room, frame.seq);
      await show(isDirect ? name : notificationTitle(name, titleOf(state, room)), {
        body: frame.message,
        tag: tagOf(frame.room),
        renotify: true,
        icon: asset('icon-192.png'),
        data: { room: frame.room, seq: frame.seq },
      });
    },
    /** Takes back the notifications of what is read or deleted. @param {State} state */
    async update(state) {
      openWanted(state);
      for (const [name, seq] of shown) {
        const room = state.rooms.get(name);
        if (room && room.unread > 0 && !isDeleted(room, seq)) continue;
        shown.delete(name);
        const worker = await navigator.serviceWorker?.getRegistration();
        const open = (await worker?.getNotifications({ tag: tagOf(name) })) ?? [];
        for (const notification of open) notification.close();
      }
    },
  };
}

/** @param {import('../state/room.js').Room} room @param {number} seq */
function isDeleted({ entries, changes }, seq) {
  const entry = entries[indexOf(entries, seq)];
  const isGone = entry?.kind === 'message' && entry.deleted;
  return isGone || changes.some((change) => change.type === 'deleted' && change.target === seq);
}

const tagOf = (/** @type {string} */ room) => `chat ${room}`;

/**
 * Asks the worker to show it, which knows whether another tab has the user's attention.
 * @param {string} title
 * @param {object} options
 */
async function show(title, options) {
  const worker = await navigator.serviceWorker?.getRegistration();
  if (worker?.active) return worker.active.postMessage({ show: { title, options } });
  try {
    new Notification(title, options);
  } catch {
    // This browser shows notifications through a worker only, and there is none.
  }
}
