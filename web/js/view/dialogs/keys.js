// Every key that the page listens to.

import { KEYS } from '../../messages.js';
import { el } from '../dom.js';
import { openDialog } from './dialog.js';

export function openKeys() {
  const rows = KEYS.list.map(([key, what]) =>
    el('div', {}, el('dt', {}, el('kbd', {}, key)), el('dd', {}, what)),
  );
  openDialog({ title: KEYS.title }, el('dl', { class: 'keys' }, ...rows));
}
