// The user's rooms, with what is unread in each.

import { SIDES } from '../messages.js';
import { LOBBY } from '../state/names.js';
import { personOf, titleOf } from '../state/rooms.js';
import { createAvatar } from './avatar.js';
import { el, iconButton, kindIcon } from './dom.js';
import { createKeyedList } from './keyed.js';

/** @typedef {import('../state/room.js').Room} Room */
/**
 * @typedef {{
 *   key: string, title: string, kind: string, unread: number, mentions: number, open: boolean,
 *   away: boolean, avatar: string, with: string,
 * }} Item
 */

/** @param {(name: string) => void} enter @param {() => void} browse */
export function createRoomList(enter, browse) {
  const rooms = el('ul', { class: 'rooms' });
  const direct = el('ul', { class: 'rooms direct' });
  const directTitle = el('h2', {}, SIDES.direct);
  const drawRooms = createKeyedList(rooms, createItem, drawItem, sameItem);
  const drawDirect = createKeyedList(direct, createItem, drawItem, sameItem);
  const node = el(
    'div',
    { class: 'room-lists' },
    el('h2', {}, SIDES.rooms, iconButton('plain add', SIDES.find, 'plus', browse)),
    rooms,
    directTitle,
    direct,
  );
  /** @type {Map<string, Room>|null} */ let drawn = null;
  let current = '';

  function createItem(/** @type {Item} */ item) {
    return el(
      'li',
      {},
      el('button', {
        type: 'button',
        class: 'room-link',
        'data-room': item.key,
        on: { click: () => enter(item.key) },
      }),
    );
  }

  return {
    node,
    /** @param {import('../state/initial.js').State} state */
    update(state) {
      if (state.rooms === drawn && state.current === current) return;
      [drawn, current] = [state.rooms, state.current];
      const items = orderedRooms(state).map((room) => toItem(state, room));
      drawRooms(items.filter((item) => item.kind !== 'direct'));
      const people = items.filter((item) => item.kind === 'direct');
      drawDirect(people);
      directTitle.hidden = people.length === 0;
    },
  };
}

/** The lobby, then by name. @param {import('../state/initial.js').State} state @returns {Room[]} */
export function orderedRooms(state) {
  const rank = (/** @type {Room} */ room) =>
    room.name === LOBBY ? 0 : room.kind === 'direct' ? 2 : 1;
  return [...state.rooms.values()].sort(
    (a, b) => rank(a) - rank(b) || titleOf(state, a).localeCompare(titleOf(state, b)),
  );
}

/** @param {import('../state/initial.js').State} state @param {Room} room @returns {Item} */
function toItem(state, room) {
  const other = room.with ? personOf(state, room.with) : undefined;
  return {
    key: room.name,
    title: titleOf(state, room),
    kind: room.kind,
    unread: room.unread,
    mentions: room.kind === 'direct' ? room.unread : room.mentions,
    open: room.name === state.current,
    away: Boolean(room.with) && !other?.online,
    avatar: other?.avatar ?? '',
    with: room.with ?? '',
  };
}

/** @param {Item} a @param {Item} b */
function sameItem(a, b) {
  return /** @type {(keyof Item)[]} */ (Object.keys(a)).every((name) => a[name] === b[name]);
}

/** @param {HTMLElement} node @param {Item} item */
function drawItem(node, item) {
  const link = /** @type {HTMLElement} */ (node.firstElementChild);
  const mark =
    item.kind === 'direct'
      ? el(
          'span',
          { class: 'portrait' },
          createAvatar({ username: item.with, name: item.title, avatar: item.avatar }),
        )
      : kindIcon(item.kind);
  const count = item.mentions || item.unread;
  const said = SIDES.unread(item.unread, item.mentions);
  node.className = [
    item.unread && 'unread',
    item.mentions && 'mentions',
    item.kind === 'direct' && !item.away && 'online',
  ]
    .filter(Boolean)
    .join(' ');
  link.replaceChildren(
    mark,
    el('bdi', { class: 'name' }, item.title),
    ...(count && !item.open
      ? [
          el(
            'span',
            { class: 'badge', 'aria-hidden': 'true' },
            count > 999 ? '999+' : String(count),
          ),
          el('span', { class: 'unseen' }, said),
        ]
      : []),
  );
  if (item.open) link.setAttribute('aria-current', 'page');
  else link.removeAttribute('aria-current');
}
