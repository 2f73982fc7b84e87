// Two people's evening, on a wide screen and on a phone: all that people do here, with a cut
// network and a reload in the middle.

import { isDeepStrictEqual } from 'node:util';
import {
  dialogIsClosed,
  fieldHolds,
  hasUnread,
  isReady,
  reconnect,
  say,
  shown,
  textsOf,
  useTool,
} from './harness.js';
import { story } from './story.js';
import { becomes } from './wait.js';

/** @typedef {import('playwright-core').Page} Page */
/** @param {Page} page @param {string} text */
const row = (page, text) =>
  page.locator('.message', { has: page.locator('.text').getByText(text, { exact: true }) });

/**
 * Opens a room from the list, which is in a drawer on a phone.
 * @param {Page} page
 * @param {string} name
 */
async function enter(page, name) {
  const menu = page.getByRole('button', { name: 'Rooms', exact: true });
  if (await menu.isVisible()) await menu.click();
  await page.locator('.room-link', { hasText: name }).click();
  await page.locator('.room-head h1', { hasText: name }).waitFor();
  await isReady(page);
}

/** @param {Page} page @param {string} text @param {string} name */
const tool = (page, text, name) => useTool(page, row(page, text), name);

/** @param {Page} page @param {string} name */
async function openMenu(page, name) {
  const menu = page.getByRole('button', { name: 'Rooms', exact: true });
  if (await menu.isVisible()) await menu.click();
  await page.getByRole('button', { name }).click();
}

const SIZES = {
  'a wide screen': { viewport: { width: 1280, height: 800 } },
  'a phone': { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
};

for (const [where, size] of Object.entries(SIZES)) {
  const profile = { ...size, reducedMotion: 'no-preference' };
  const run = (/** @type {any} */ { server, ann, bob }) => evening(server, ann, bob);
  story(`an evening on ${where}`, ['ann', 'bob'], run, { flags: [], profile, timeout: 600_000 });
}

/** @param {any} server @param {Page} ann @param {Page} bob */
async function evening(server, ann, bob) {
  // A room is made, found and joined.
  await openMenu(ann, 'Find or create a room');
  await ann.getByText('Create a room').click();
  await ann.getByLabel('Name', { exact: true }).fill('rust');
  await ann.getByLabel('Topic').fill('Crabs');
  await ann.getByRole('button', { name: 'Create room' }).click();
  await ann.locator('.room-head h1', { hasText: 'rust' }).waitFor();
  await ann.locator('.topic', { hasText: 'Crabs' }).waitFor();
  await openMenu(bob, 'Find or create a room');
  await bob
    .locator('.directory li', { hasText: 'rust' })
    .getByRole('button', { name: 'Join' })
    .click();
  await bob.locator('.room-head h1', { hasText: 'rust' }).waitFor();

  // Said, answered, changed, liked, taken back.
  await say(ann, 'Who has **seen** the `borrow checker`?');
  await bob.locator('.text strong', { hasText: 'seen' }).waitFor();
  await bob.locator('#message').pressSequentially('so');
  await ann.getByText('bob is typing').waitFor();
  await say(bob, 'I have, twice');
  await shown(ann, 'I have, twice');
  await tool(ann, 'I have, twice', 'Reply');
  await ann.getByText('Replying to bob').waitFor();
  await say(ann, 'Tell me more');
  await bob.locator('.quote', { hasText: 'I have, twice' }).waitFor();
  await tool(bob, 'I have, twice', 'Edit');
  await bob.getByText('Editing your message').waitFor();
  await fieldHolds(bob, 'I have, twice');
  await say(bob, 'I have, thrice');
  await shown(ann, 'I have, thrice');
  await row(ann, 'I have, thrice').getByText('edited').waitFor();
  await ann.locator('.quote', { hasText: 'I have, thrice' }).waitFor();
  await tool(ann, 'I have, thrice', 'React with 👍');
  await bob.locator('.chip', { hasText: '👍 1' }).click();
  await ann.locator('.chip.own', { hasText: '👍 2' }).waitFor();
  await bob.locator('.chip.own', { hasText: '👍 2' }).click();
  await ann.locator('.chip.own', { hasText: '👍 1' }).waitFor();
  // Any other emoji, from a dialog that the toolbar may not outlast.
  await tool(ann, 'I have, thrice', 'React');
  await ann.getByLabel('Find an emoji').fill('rocket');
  await ann.keyboard.press('Enter');
  await bob.locator('.chip', { hasText: '🚀 1' }).waitFor();
  await say(bob, 'Oops');
  await tool(bob, 'Oops', 'Delete');
  await bob.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await row(ann, 'This message was deleted.').waitFor();
  await ann.getByText('Oops', { exact: true }).waitFor({ state: 'detached' });

  // A word to one person; unread and mentions are counted meanwhile.
  if (await bob.locator('.people-button').isVisible()) await bob.locator('.people-button').click();
  await bob.locator('.people .person', { hasText: 'ann' }).getByRole('button').click();
  await bob.getByRole('dialog').getByRole('button', { name: 'Message' }).click();
  await bob.locator('.room-head h1', { hasText: 'ann' }).waitFor();
  await say(bob, 'Just between us');
  await ann
    .locator('.room-lists .direct .mentions .badge', { hasText: '1' })
    .waitFor({ state: 'attached' });
  await enter(ann, 'bob');
  await shown(ann, 'Just between us');
  await hasUnread(ann, 0, 'bob');
  await enter(ann, 'lobby');
  await enter(bob, 'rust');
  await bob.locator('#message').pressSequentially('Still there @an');
  await bob.getByRole('option', { name: 'ann' }).waitFor();
  await bob.locator('#message').press('Enter');
  await bob.locator('#message').press('Enter');
  await ann
    .locator('.mentions [data-room="rust"] .badge', { hasText: '1' })
    .waitFor({ state: 'attached' });
  await becomes(async () => /^\(1\)/u.test(await ann.title()), true);
  await enter(ann, 'rust');
  await ann.locator('.names-me .mention', { hasText: '@ann' }).waitFor();
  await ann.locator('li.new').waitFor();
  await ann.locator('[data-room="rust"] .badge').waitFor({ state: 'detached' });

  // The network is cut, the page is reloaded, the server is killed: nothing is lost, nothing twice.
  await ann.context().setOffline(true);
  await server.kill();
  await say(ann, 'Written without a network');
  await row(ann, 'Written without a network').and(ann.locator('.waiting')).waitFor();
  await tool(ann, 'Tell me more', 'Edit');
  await ann.getByText('Editing your message').waitFor();
  await fieldHolds(ann, 'Tell me more');
  await say(ann, 'Tell me everything');
  await row(ann, 'Tell me everything').and(ann.locator('.waiting')).waitFor();
  await server.restart();
  await reconnect(bob);
  await say(bob, 'Meanwhile');
  await ann.context().setOffline(false);
  await ann.reload();
  await shown(ann, 'Written without a network');
  await shown(bob, 'Written without a network');
  await shown(bob, 'Tell me everything');
  await shown(ann, 'Meanwhile');
  const expected = [
    'Who has seen the borrow checker?',
    'I have, thrice',
    'Tell me everything',
    'This message was deleted.',
    'Still there @ann',
    'Meanwhile',
    'Written without a network',
    'The end',
  ].sort();
  // A message that was sent twice would come before this one.
  await say(ann, 'The end');
  for (const page of [ann, bob]) {
    await shown(page, 'The end');
    await becomes(async () => (await textsOf(page)).sort(), expected);
  }
  await becomes(async () => isDeepStrictEqual(await textsOf(ann), await textsOf(bob)), true);

  // Found again by its words.
  await bob.getByRole('button', { name: 'Search' }).click();
  await bob.getByLabel('Words').fill('everything');
  await bob.getByRole('dialog').getByRole('button', { name: 'Search' }).click();
  await bob.locator('.result', { hasText: 'Tell me everything' }).click();
  await bob.locator('.message.target', { hasText: 'Tell me everything' }).waitFor();

  // A display name and a picture.
  await openMenu(bob, /^Your account/);
  await bob.getByLabel('Display name').fill('Bob the Builder');
  await bob.getByRole('button', { name: 'Change', exact: true }).click();
  await bob.getByText('Your display name was changed.').waitFor();
  await bob
    .getByLabel('Picture (')
    .setInputFiles({ name: 'me.png', mimeType: 'image/png', buffer: PICTURE });
  await bob.getByText('Your picture was changed.').waitFor();
  await bob.getByText('this session').waitFor();
  await bob.keyboard.press('Escape');
  await dialogIsClosed(bob);
  if (await bob.locator('.menu .closer').isVisible()) await bob.keyboard.press('Escape');
  await ann.locator('.byline .name', { hasText: 'Bob the Builder' }).first().waitFor();
  await ann
    .locator('.message .avatar img[src*="/avatars/~"]')
    .first()
    .waitFor({ state: 'attached' });

  // Someone is muted, put out, and let in again.
  await moderate(ann, 'Mute');
  await say(bob, 'Can you hear me?');
  await row(bob, 'Can you hear me?').and(bob.locator('.failed')).waitFor();
  await row(bob, 'Can you hear me?').getByRole('button', { name: 'Discard' }).click();
  await moderate(ann, 'Unmute');
  await say(bob, 'And now?');
  await shown(ann, 'And now?');
  await moderate(ann, 'Remove from room', 'Remove from room');
  await bob.getByText('You were removed from rust by ann.').waitFor();
  await bob.getByRole('button', { name: 'Close room' }).click();
  await bob.locator('.room-head h1', { hasText: 'lobby' }).waitFor();
  await bob.locator('[data-room="rust"]').waitFor({ state: 'detached' });
  await ann.locator('.room-head h1 button').click();
  await ann.getByLabel('Invite').fill('bob');
  await ann.getByRole('button', { name: 'Invite' }).click();
  await ann.getByText('bob was invited.').waitFor();
  await ann.keyboard.press('Escape');
  await bob.locator('[data-room="rust"]').waitFor({ state: 'attached' });
}

/** @param {Page} page @param {string} action @param {string} [sure] */
async function moderate(page, action, sure) {
  if (await page.locator('.people-button').isVisible()) {
    await page.locator('.people-button').click();
  }
  await page.locator('.people .person', { hasText: 'Bob' }).getByRole('button').click();
  await page.getByRole('dialog').getByRole('button', { name: action, exact: true }).click();
  if (sure) await page.getByRole('dialog').last().getByRole('button', { name: sure }).click();
  await page.getByRole('dialog').first().waitFor({ state: 'detached' });
  if (await page.locator('.crowd .closer').isVisible()) await page.keyboard.press('Escape');
}

/** A red square of 2 × 2. */
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGP4z8AARAwQCgAf7gP9i18U1AAAAABJRU5ErkJggg==',
  'base64',
);
