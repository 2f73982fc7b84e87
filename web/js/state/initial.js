// The shape of the state, and its first value.

/** @typedef {ReturnType<typeof initialState>} State */
/** @typedef {import('./room.js').Room} Room */
/**
 * A request that the server has not answered. The reply names it only by `re`.
 * @typedef {{what: string, room: string, nonce?: string, key?: string, seq?: number}} Question
 */
/**
 * @typedef {'connecting'|'live'|'waiting'|'stopped'} LinkStatus
 * @typedef {{status: LinkStatus, retryAt?: number, message?: string}} Link
 */
/** @typedef {{username: string, display_name?: string, avatar?: string, admin?: boolean}} Me */

export function initialState() {
  return {
    /** @type {'starting'|'auth'|'chat'} */ screen: 'starting',
    /** @type {Me|null} */ me: null,
    notice: '',
    /** @type {Link} */ link: { status: 'connecting' },
    /** @type {string|null} */ log: null,
    current: 'lobby',
    /** A room that is to be opened when it comes. */ opening: '',
    /** @type {Map<string, Room>} */ rooms: new Map(),
    /** @type {Set<string>} the people whom the user blocked */ blocked: new Set(),
    /** @type {Map<string, import('./drafts.js').Draft>} by room */ drafts: new Map(),
    /** @type {string[]} the rooms that this connection named so far */ listed: [],
    /** @type {import('./commands.js').Kept[]} */ commands: [],
    /** @type {Map<string, Question>} commands without an answer yet, by id */ asked: new Map(),
    /** Nothing is sent before this time, because the server asked for a pause. */ pausedUntil: 0,
    /** Another user whose session the browser has now. Then this page sends nothing. */
    stranger: '',
  };
}
