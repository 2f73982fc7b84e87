// The slash commands of the field. A command is one line that begins with a slash and a name; two
// slashes send a text that begins with one.

import { BLOCKS, SLASH } from '../messages.js';
import { say } from './toast.js';

const COMMAND = /^\/([a-z-]+)(?: +(.*))?$/iu;

/** @typedef {import('../controller.js').Controller} Controller */

/**
 * Sends a text, or carries out the command that it is. A command that is wrong stays in the field.
 * @param {Controller} controller
 * @param {string} text
 */
export function sendOrRun(controller, text) {
  const command = COMMAND.exec(text);
  if (!command) return controller.send(text.replace(/^\/\//u, '/'));
  const [, name, argument = ''] = command;
  const type = name.toLowerCase();
  if (type === 'me' && argument) {
    // An action is shown in italics.
    const mark = argument.includes('*') ? '_' : '*';
    return controller.send(mark + argument + mark);
  }
  if (type === 'invite-link') {
    return makeLink(controller, { type: 'invite_link', uses: parseInt(argument, 10) || 1 });
  }
  if (type !== 'block' && type !== 'unblock' && type !== 'reset-link') {
    return say(SLASH.unknown(name));
  }
  const username = argument.trim().replace(/^@/u, '');
  if (!username) return say(SLASH.needsName(type));
  if (type === 'reset-link') return makeLink(controller, { type: 'reset_link', username });
  controller.intend('write', { text: '' });
  setBlock(controller, type, username);
}

/**
 * Makes a link of the admin's, and shows it in a box from which it can be copied.
 * @param {Controller} controller
 * @param {import('../wire.js').Command} command
 */
async function makeLink(controller, command) {
  /** @type {any} */ const { path, message } = await controller.query(command);
  if (!path) return say(message);
  controller.intend('write', { text: '' });
  prompt(command.type, location.origin + path);
}

/**
 * Blocks or unblocks somebody, and says so.
 * @param {Controller} controller
 * @param {'block'|'unblock'} type
 * @param {string} username
 */
async function setBlock(controller, type, username) {
  const answer = await controller.act({ type, username });
  if (answer.ok) say(BLOCKS[type](username));
}
