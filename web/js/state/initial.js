// The shape of what the page knows, before it knows anything.

/** @typedef {ReturnType<typeof initialState>} State */
/** @typedef {import('./room.js').Room} Room */
/**
 * @typedef {{what: string, room: string, nonce?: string, key?: string, seq?: number}} Question what was asked; its answer says only `re`
 */
/**
 * @typedef {{status: 'connecting'|'live'|'waiting'|'stopped', retryAt?: number, message?: string}} Link
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
    /** @type {{seq: number, how: 'reply'|'edit'}|null} the message that the composer is about */ reply:
      null,
    /** @type {Map<string, Room>} */ rooms: new Map(),
    /** @type {string[]} the rooms that this connection named so far */ listed: [],
    /** @type {import('./commands.js').Kept[]} */ commands: [],
    /** @type {Map<string, Question>} commands without an answer yet, by id */ asked: new Map(),
  };
}
