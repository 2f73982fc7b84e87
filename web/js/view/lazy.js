// Dialogs are loaded when they are first wanted; where that fails, the page says so.

import { PART_MISSING } from '../messages.js';
import { say } from './toast.js';

/** @type {Record<string, () => Promise<any>>} */
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

/** @param {string} name @param {(module: any) => void} run */
export async function lazily(name, run) {
  try {
    run(await MODULES[name]());
  } catch (error) {
    if (error instanceof TypeError && /import|module|fetch/iu.test(error.message)) {
      say(PART_MISSING);
    } else throw error;
  }
}
