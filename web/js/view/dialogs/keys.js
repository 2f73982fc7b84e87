// Every key that the page listens to.

import { el } from '../dom.js';
import { openDialog } from './dialog.js';

const KEYS = [
  ['Enter', 'send'],
  ['Shift Enter', 'a new line'],
  ['↑ in an empty field', 'edit your last message'],
  ['@ and : with letters', 'complete a name, an emoji'],
  ['Page Up, Page Down', 'scroll'],
  ['Esc', 'to the latest; never mind'],
  ['Ctrl K', 'go to a room or a person, search'],
  ['Alt ↑, Alt ↓', 'previous and next room'],
  ['Alt Shift ↑, ↓', 'previous and next unread room'],
  ['Shift Tab, then ↑ and ↓', 'go through the messages'],
  ['R, E, +, C, Delete', 'on a message: reply, edit, react, copy, delete'],
  ['F1', 'this list'],
];

export function openKeys() {
  const rows = KEYS.map(([key, what]) =>
    el('div', {}, el('dt', {}, el('kbd', {}, key)), el('dd', {}, what)),
  );
  openDialog({ title: 'Keys' }, el('dl', { class: 'keys' }, ...rows));
}
