// Times as people read them, in their own language and zone.

import { DAYS } from '../messages.js';

const DAY_MS = 86_400_000;

/**
 * A formatter takes a while to make, so each is made when it is first used.
 * @param {Intl.DateTimeFormatOptions} options
 */
function formatter(options) {
  /** @type {Intl.DateTimeFormat|undefined} */ let made;
  return (/** @type {number} */ ts) =>
    (made ??= new Intl.DateTimeFormat(undefined, options)).format(ts);
}

export const timeOf = formatter({ hour: '2-digit', minute: '2-digit' });
export const momentOf = formatter({ dateStyle: 'full', timeStyle: 'short' });
const weekday = formatter({ weekday: 'long', day: 'numeric', month: 'long' });
const older = formatter({ day: 'numeric', month: 'long', year: 'numeric' });

/** @param {number} ts @param {number} now @returns {string} */
export function dayOf(ts, now) {
  const day = new Date(ts).toDateString();
  if (day === new Date(now).toDateString()) return DAYS.today;
  if (day === new Date(now - DAY_MS).toDateString()) return DAYS.yesterday;
  return now - ts < 300 * DAY_MS ? weekday(ts) : older(ts);
}
