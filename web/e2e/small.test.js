// Back, files, long and waiting messages, mutes, and the names of those who were banned, as people
// meet them. One server serves all.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { fieldHolds, give, openAs, reconnect, say, shown, textsOf } from './harness.js';
import { startServer } from './programs.js';
import { browser } from './story.js';
import { becomes } from './wait.js';

/** @type {Awaited<ReturnType<typeof startServer>>} */ let server;
/** @type {any} */ let ann;
/** @type {any} */ let bob;
before(async () => {
  server = await startServer(['--rate-limit', 'off', '--admin', 'ann']);
  ann = await openAs(browser, server.url, 'ann');
  bob = await openAs(browser, server.url, 'bob');
});
after(() => server?.stop());

test('Back goes to the room before, and closes what is open first', async () => {
  const { page, faults } = ann;
  await give(page, [{ type: 'create', room: 'ops', nonce: 'ops' }]);
  await page.locator('.rooms button', { hasText: 'ops' }).click();
  const title = page.locator('.room-title h1');
  await title.getByText('ops').waitFor();
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByRole('dialog').waitFor();
  await page.evaluate(() => history.back());
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await becomes(() => title.textContent(), 'ops');
  await page.evaluate(() => history.back());
  await title.getByText('lobby').waitFor();
  await page.evaluate(() => history.forward());
  await title.getByText('ops').waitFor();
  await page.evaluate(() => history.back());
  await title.getByText('lobby').waitFor();
  assert.deepEqual(faults, []);
});

test('a dropped or pasted file is refused with a sentence', async () => {
  const { page } = ann;
  const prevented = await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(['x'], 'x.txt'));
    const target = /** @type {Element} */ (document.querySelector('.timeline'));
    const init = { dataTransfer, bubbles: true, cancelable: true };
    const drags = ['dragover', 'drop'].map((type) => new DragEvent(type, init));
    return drags.map((event) => !target.dispatchEvent(event));
  });
  assert.deepEqual(prevented, [true, true]);
  await page.getByText('Files can’t be sent here yet.').waitFor();
});

test('a message that is too long is sent in parts', async () => {
  const text = Array.from({ length: 900 }, (_, at) => `word${at}`).join(' ');
  await ann.page.locator('#message').fill(text);
  await ann.page.getByRole('button', { name: 'Send in parts' }).click();
  await bob.page.locator('.text', { hasText: 'word899' }).waitFor();
  await becomes(async () => (await textsOf(bob.page)).slice(-2).join(' '), text);
});

test('a muted person sees that they are muted until the mute is lifted', async () => {
  const about = { room: 'lobby', username: 'bob' };
  await give(ann.page, [{ type: 'mute', ...about, nonce: 'm1' }]);
  const note = bob.page.getByText('You are muted here. You can only read.');
  await note.waitFor();
  await bob.page.locator('#message').pressSequentially('typing');
  await give(ann.page, [{ type: 'unmute', ...about, nonce: 'm2' }]);
  await note.waitFor({ state: 'hidden' });
  await bob.page.locator('.status.notice').waitFor({ state: 'hidden' });
  await bob.page.locator('#message').fill('');
});

test('a blocked person is folded to a line that opens, and is not announced as typing', async () => {
  const { page } = ann;
  await say(bob.page, 'rude words');
  await shown(page, 'rude words');
  await say(page, '/block');
  await page.getByText('/block needs a username').waitFor();
  await say(page, '/blok bob');
  await page.getByText('There is no command /blok.').waitFor();
  await say(page, '/block bob');
  await page.getByText('bob is blocked').waitFor();
  const folded = page.locator('.message.blocked', { hasText: 'Blocked message from bob.' });
  await folded.last().waitFor();
  const inView = () => page.locator('.message', { hasText: 'rude words' }).count();
  await becomes(inView, 0);
  const blocked = () => page.locator('.message.blocked').count();
  const before = await blocked();
  await bob.page.locator('#message').pressSequentially('more');
  await say(bob.page, 'more rude words');
  await becomes(blocked, before + 1);
  await becomes(inView, 0);
  assert.equal(await page.getByText('bob is typing').count(), 0);
  await folded.last().getByRole('button', { name: 'Show' }).click();
  await shown(page, 'more rude words');
  // After a reload the block holds from the start.
  await page.reload();
  await folded.last().waitFor();
  await page.locator('.people .person', { hasText: 'bob' }).getByRole('button').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Unblock' }).click();
  await page.getByText('bob is not blocked.').waitFor();
  await shown(page, 'rude words');
  await say(page, '//etc/hosts');
  await shown(bob.page, '/etc/hosts');
});

test('a message that waits can be taken back', async () => {
  const { page } = bob;
  await server.kill();
  await page.getByText(/Connection lost|Connecting/u).waitFor();
  await say(page, 'too hasty');
  await page.getByRole('button', { name: 'Take back' }).click();
  await page.locator('.message', { hasText: 'too hasty' }).waitFor({ state: 'detached' });
  await fieldHolds(page, 'too hasty');
  await page.locator('#message').fill('');
  await server.restart();
  await reconnect(page, ann.page);
  await say(page, 'well considered');
  await shown(ann.page, 'well considered');
  assert.equal(await ann.page.getByText('too hasty').count(), 0);
});
