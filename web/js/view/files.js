// A browser opens a file that is dropped on a page. This page says that it takes none.

import { COMPOSER } from '../messages.js';
import { say } from './toast.js';

/** @param {DragEvent} event */
function onDrag(event) {
  if (!event.dataTransfer?.types.includes('Files')) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = 'none';
  if (event.type === 'drop') say(COMPOSER.noFiles);
}

/** @param {ClipboardEvent} event */
function onPaste({ clipboardData }) {
  const isText = clipboardData?.types.includes('text/plain');
  if (clipboardData?.files.length && !isText) say(COMPOSER.noFiles);
}

export function refuseFiles() {
  addEventListener('paste', onPaste);
  addEventListener('dragover', onDrag);
  addEventListener('drop', onDrag);
}
