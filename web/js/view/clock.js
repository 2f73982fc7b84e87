// Times as people read them, in their own language and zone.

const hour = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const older = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const DAY_MS = 86_400_000;

/** @param {number} ts */
export const timeOf = (ts) => hour.format(ts);
/** @param {number} ts */
export const momentOf = (ts) => full.format(ts);

/** @param {number} ts @param {number} now @returns {string} */
export function dayOf(ts, now) {
  const day = new Date(ts).toDateString();
  if (day === new Date(now).toDateString()) return 'Today';
  if (day === new Date(now - DAY_MS).toDateString()) return 'Yesterday';
  return now - ts < 300 * DAY_MS ? weekday.format(ts) : older.format(ts);
}
