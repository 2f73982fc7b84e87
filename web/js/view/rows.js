// The rows of a timeline, read off a room: day lines, messages in groups, quiet lines, what waits to be sent. Pure.

/** Messages of one person closer than this stand together. */
export const GROUP_MS_MAX = 5 * 60_000;

/**
 * @param {import('../room.js').Room} room
 * @param {{username: string}} me
 * @returns {any[]}
 */
export function toRows(room, me) {
  const unsent = room.pending.map((p) => ({
    kind: 'message', key: `${me.username} ${p.nonce}`, ts: p.ts, username: me.username, text: p.text, reactions: new Map(), pending: p,
  }));
  const entries = [...room.entries, ...unsent];
  /** @type {any[]} */
  const rows = [];
  let day = '';
  for (const entry of entries) {
    const date = new Date(entry.ts).toDateString();
    if (date !== day) rows.push({ kind: 'day', key: `day ${entry.key}`, ts: entry.ts });
    day = date;
    const last = rows[rows.length - 1];
    const goesOn = entry.kind === 'message' && last.kind === 'message' && last.entry.username === entry.username && entry.ts - last.entry.ts < GROUP_MS_MAX;
    if (goesOn) last.ends = false;
    const person = room.people.get(entry.username);
    rows.push({
      kind: entry.kind, key: entry.key, entry, starts: !goesOn, ends: true,
      mine: entry.username === me.username, name: person?.display_name || entry.username, avatar: person?.avatar ?? null,
    });
  }
  return rows;
}

/** @param {any} a @param {any} b */
export function sameRow(a, b) {
  if (a.kind === 'day') return a.ts === b.ts;
  return sameEntry(a.entry, b.entry) && a.starts === b.starts && a.ends === b.ends && a.name === b.name && a.avatar === b.avatar;
}

/** A row that waits is made anew each time; what it stands for may still be the same. @param {any} a @param {any} b */
function sameEntry(a, b) {
  return a === b || (a.pending !== undefined && a.pending === b.pending);
}
