// Asks before an action that can't be undone.

import { DIALOG } from '../../messages.js';
import { el } from '../dom.js';
import { action, openDialog } from './dialog.js';

/** @param {{title: string, text?: string, action: string, run: () => void}} question */
export function openConfirm({ title, text = '', action: label, run }) {
  const yes = action(
    label,
    () => {
      dialog.close();
      run();
    },
    'danger',
  );
  const dialog = openDialog(
    { title },
    text && el('blockquote', { dir: 'auto' }, text.slice(0, 300)),
    el(
      'div',
      { class: 'actions' },
      action(DIALOG.cancel, () => dialog.close()),
      yes,
    ),
  );
  yes.focus();
}
