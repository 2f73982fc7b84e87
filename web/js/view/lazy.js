// Dialogs are loaded when they are first wanted; where that fails, the page says so.

import { PART_MISSING } from '../messages.js';
import { say } from './toast.js';

const MODULES = {
  account: () => import('./dialogs/account.js'),
  confirm: () => import('./dialogs/confirm.js'),
  emoji: () => import('./dialogs/emoji.js'),
  keys: () => import('./dialogs/keys.js'),
  person: () => import('./dialogs/person.js'),
  room: () => import('./dialogs/room.js'),
  rooms: () => import('./dialogs/rooms.js'),
  search: () => import('./dialogs/search.js'),
  switcher: () => import('./dialogs/switcher.js'),
};

/** Loads the dialogs before they are wanted. Where that fails, they are loaded when they are. */
export const loadEarly = () => MODULES.confirm().catch(() => {});

/** @typedef {typeof MODULES} Modules */

/**
 * Runs with a module, which is loaded first if it is not here yet.
 * @template {keyof Modules} K
 * @param {K} name
 * @param {(module: Awaited<ReturnType<Modules[K]>>) => void} run
 */
export async function lazily(name, run) {
  try {
    run(/** @type {Awaited<ReturnType<Modules[K]>>} */ (await MODULES[name]()));
  } catch (error) {
    if (error instanceof TypeError && /import|module|fetch/iu.test(error.message)) {
      say(PART_MISSING);
    } else throw error;
  }
}
