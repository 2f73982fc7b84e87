// A text that a person typed is kept, sent once, and reaches only the room it was meant for, in the
// right name. A message that they have not seen stays unread.

import assert from 'node:assert/strict';
import {
  fieldHolds,
  give,
  hasUnread,
  isReady,
  signIn,
  openPage,
  openTab,
  reconnect,
  roomOf,
  say,
  sayMany,
  shown,
  showsTexts,
  signUp,
  useTool,
} from './harness.js';
import { browser, story } from './story.js';
import { becomes, until } from './wait.js';

/** @typedef {import('playwright-core').Page} Page */

/** Longer than the page waits before it takes over what another tab left unsent. */
const TAKEN_OVER_MS = 6_000;

story('a tab whose browser is signed in as somebody else sends nothing', ['eve'], async (s) => {
  const { server, eve } = s;
  const { context, page: ann } = await openPage(browser, server.url);
  const bob = await context.newPage();
  await bob.goto(server.url);
  await signUp(ann, 'ann');
  await signUp(bob, 'bob');
  await ann.bringToFront();
  await server.kill();
  await ann.getByText(/Connection lost|Connecting/u).waitFor();
  await say(ann, 'written by ann');
  await server.restart();
  await reconnect(ann, bob, eve);
  await ann.getByText('This browser is now signed in as bob').waitFor();
  await say(ann, 'written by ann later');
  await bob.bringToFront();
  await say(bob, 'from bob');
  await shown(eve, 'from bob');
  await ann.bringToFront();
  // The other session is not ended by this tab, and what ann wrote waits for ann.
  await ann.reload();
  await isReady(ann);
  await ann.locator('.account .name', { hasText: 'bob' }).waitFor();
  await showsTexts(ann, ['from bob']);
  await ann.getByRole('button', { name: 'Sign out' }).click();
  await signIn(ann, 'ann');
  // In this order nothing of ann's came before she signed in again.
  await shown(eve, 'written by ann later');
  await showsTexts(eve, ['from bob', 'written by ann', 'written by ann later']);
  await context.close();
});

story(
  'a message written offline is sent once, though its tab is closed',
  ['ann', 'bob'],
  async (s) => {
    const { server, ann, bob } = s;
    const context = ann.context();
    const other = await context.newPage();
    await other.clock.install();
    await other.goto(server.url);
    await isReady(other);
    await ann.bringToFront();
    await server.kill();
    await ann.getByText(/Connection lost|Connecting/u).waitFor();
    await say(ann, 'written offline');
    await ann.locator('.message.waiting').waitFor();
    await ann.locator('#message').fill('half a thought');
    await ann.close();
    await server.restart();
    await reconnect(bob, other);
    await shown(bob, 'written offline');
    const again = await context.newPage();
    await again.clock.install();
    await again.goto(server.url);
    await shown(again, 'written offline');
    await fieldHolds(again, 'half a thought');
    for (const page of [other, again]) await page.clock.fastForward(TAKEN_OVER_MS);
    // A message that was sent twice would come before these.
    for (const page of [other, again]) {
      await page.bringToFront();
      await say(page, 'and no more');
    }
    for (const page of [bob, other, again]) {
      await showsTexts(page, ['written offline', 'and no more', 'and no more']);
    }
  },
);

story('a draft is shared by all tabs, and leaves them when it is sent', ['ann'], async (s) => {
  const { server, ann } = s;
  const other = await openTab(ann, server.url);
  await ann.bringToFront();
  await other.evaluate(() => {
    document.hasFocus = () => false;
  });
  await ann.locator('#message').fill('one draft');
  await fieldHolds(other, 'one draft');
  await ann.locator('#message').press('Enter');
  await shown(other, 'one draft');
  await fieldHolds(other, '');
});

story(
  'an edit and a reply in progress outlive a reload and a change of rooms',
  ['ann', 'bob'],
  async (s) => {
    const { ann, bob } = s;
    await give(ann, [{ type: 'create', room: 'rust' }]);
    await say(ann, 'the first');
    await say(bob, 'a question');
    await shown(ann, 'a question');
    const question = ann.locator('.message', { hasText: 'a question' });
    await useTool(ann, question, 'Reply');
    await ann.getByText('Replying to bob: a question').waitFor();
    await ann.locator('#message').fill('half an answer');
    await useTool(ann, ann.locator('.message', { hasText: 'the first' }), 'Edit');
    // The page puts the text in a moment later, which what is typed before would be added to.
    await fieldHolds(ann, 'the first');
    await ann.locator('#message').fill('the first, corrected');
    await ann.locator('[data-room="rust"]').click();
    await fieldHolds(ann, '');
    await ann.locator('[data-room="lobby"]').click();
    await ann.reload();
    await ann.getByText('Editing your message').waitFor();
    await fieldHolds(ann, 'the first, corrected');
    await ann.locator('#message').press('Enter');
    await shown(bob, 'the first, corrected');
    await ann.getByText('Replying to bob: a question').waitFor();
    await fieldHolds(ann, 'half an answer');
    await ann.locator('#message').press('Enter');
    await bob.locator('.quote', { hasText: 'a question' }).waitFor();
  },
);

story('the up arrow in the past edits a message that is shown', ['ann', 'bob'], async (s) => {
  const { ann } = s;
  await sayMany(
    ann,
    Array.from({ length: 260 }, (_, at) => `number ${at}`),
  );
  await shown(ann, 'number 259');
  await ann.getByRole('button', { name: 'Search' }).click();
  await ann.getByLabel('Words').fill('"number 20"');
  await ann.keyboard.press('Enter');
  await ann.locator('.result').last().click();
  await ann.locator('.message.target').waitFor();
  await ann.locator('#message').press('ArrowUp');
  await ann.getByText('Editing your message').waitFor();
  const text = await ann.locator('#message').inputValue();
  assert.match(text, /^number \d+$/u);
  assert.notEqual(text, 'number 259');
});

story(
  'a removed person keeps what they typed, and it reaches nobody',
  ['ann', 'bob'],
  async (s) => {
    const { ann, bob } = s;
    await give(ann, [{ type: 'create', room: 'design' }]);
    await give(bob, [{ type: 'join', room: 'design' }]);
    await bob.locator('[data-room="design"]').click();
    await bob.locator('.room-head h1', { hasText: 'design' }).waitFor();
    await bob.locator('#message').pressSequentially('half a tho');
    await give(ann, [{ type: 'kick', room: 'design', username: 'bob' }]);
    await bob.getByText('You were removed from design by ann.').waitFor();
    await bob.keyboard.type('ught');
    await bob.keyboard.press('Enter');
    await fieldHolds(bob, 'half a tho');
    await bob.locator('.room-head h1', { hasText: 'design' }).waitFor();
    await showsTexts(ann, []);
    await bob.reload();
    await isReady(bob);
    await bob.locator('[data-room="design"]').click();
    await fieldHolds(bob, 'half a tho');
    await bob.getByRole('button', { name: 'Discard and close' }).click();
    await bob.locator('[data-room="design"]').waitFor({ state: 'detached' });
  },
);

for (const count of [10, 40, 120]) {
  story(`${count} unread messages: the room opens at the first`, ['ann', 'bob'], async (s) => {
    const { ann, bob } = s;
    await give(ann, [{ type: 'create', room: 'rust' }]);
    await say(bob, 'read already');
    await shown(ann, 'read already');
    await hasUnread(ann, 0);
    await ann.locator('[data-room="rust"]').click();
    await ann.locator('.room-head h1', { hasText: 'rust' }).waitFor();
    await sayMany(
      bob,
      Array.from({ length: count }, (_, at) => `unread ${at}`),
    );
    await ann.reload();
    await isReady(ann);
    await ann.locator('[data-room="lobby"]').click();
    await ann.locator('li.new').waitFor();
    const read = async () => count - (await roomOf(ann)).unread;
    await until(async () => (await read()) > 0, 'what is in view is marked read');
    const place = () =>
      ann.locator('li.new').evaluate((/** @type {Element} */ line) => {
        const { top } = line.getBoundingClientRect();
        const next = line.nextElementSibling?.querySelector('.text')?.textContent;
        return { next, isInView: top > 0 && top < 700 };
      });
    await becomes(place, { next: 'unread 0', isInView: true });
    const { unread, read_seq: readSeq } = await roomOf(ann);
    if (count > 30) {
      assert.ok(unread > 0 && unread < count, `${unread} are left unread`);
      const seen = await ann.locator('.message').evaluateAll((/** @type {Element[]} */ rows) => {
        const edge = document.querySelector('.timeline')?.getBoundingClientRect().bottom ?? 0;
        const inView = rows.filter((row) => row.getBoundingClientRect().bottom <= edge + 1);
        return Number(/** @type {HTMLElement} */ (inView.at(-1))?.dataset.seq);
      });
      assert.ok(readSeq <= seen, `marked ${readSeq}, in view up to ${seen}`);
      // What is in view may be marked in two steps, so the number is the one of now.
      const jump = ann.locator('.jump');
      const counts = async () =>
        (await jump.textContent()) === `${(await roomOf(ann)).unread} new messages`;
      await until(counts, 'the button counts what is unread');
      await jump.click();
      await shown(ann, `unread ${count - 1}`);
    }
  });
}

story(
  'a ban has no end unless one is chosen, and the confirmation says how long',
  ['ann', 'bob'],
  async (s) => {
    const { ann } = s;
    await ann.locator('.people .person', { hasText: 'bob' }).getByRole('button').click();
    const dialog = ann.getByRole('dialog');
    const chosen = dialog.getByLabel('Duration').locator('option:checked');
    await becomes(() => chosen.textContent(), 'Until it is lifted');
    await dialog.getByRole('button', { name: 'Ban', exact: true }).click();
    await ann.getByText('Ban bob from this server?').waitFor();
    await ann.getByRole('dialog').last().getByText('Until it is lifted').waitFor();
    await ann.getByRole('dialog').last().getByRole('button', { name: 'Cancel' }).click();
    await dialog.getByLabel('Duration').selectOption({ label: 'For 1 day' });
    await dialog.getByRole('button', { name: 'Ban', exact: true }).click();
    await ann.getByRole('dialog').last().getByText('For 1 day').waitFor();
  },
);

story('an error in a dialog is in view, beside its field', ['ann'], async (s) => {
  const { ann } = s;
  await ann.getByRole('button', { name: /^Your account/u }).click();
  await ann.getByText('this session').waitFor();
  await ann.getByLabel('Current password').fill('wrong');
  await ann.getByLabel('New password').fill('short');
  await ann.getByRole('button', { name: 'Change password' }).click();
  const error = ann.locator('.dialog .form-error:not(:empty)');
  await error.waitFor();
  const isInView = () =>
    error.evaluate((/** @type {Element} */ line) => {
      const box = line.getBoundingClientRect();
      const body = line.closest('.dialog-body')?.getBoundingClientRect();
      return Boolean(body && box.top >= body.top && box.bottom <= body.bottom + 1);
    });
  await until(isInView, 'the error is in view');
  await ann.getByLabel('New password').and(ann.locator('[aria-invalid="true"]')).waitFor();
  const file = { name: 'x.txt', mimeType: 'text/plain', buffer: Buffer.from('x') };
  await ann.getByLabel('Picture (').setInputFiles(file);
  await ann.getByText('Not an image.').waitFor();
  await until(isInView, 'the error is in view');
  await ann.getByLabel('Display name').fill('Ann A.');
  await ann.getByRole('button', { name: 'Change', exact: true }).click();
  await ann.getByText('Your display name was changed.').waitFor();
  await ann.locator('.profile-name').getByText('Ann A.').waitFor();
});

story('a symbol alone can be read in the light theme', ['ann'], async (s) => {
  const { ann } = s;
  await ann.emulateMedia({ colorScheme: 'light' });
  for (const text of ['©', '❤', '🎉']) await say(ann, text);
  await shown(ann, '🎉');
  const looks = await ann.locator('.message.mine .bubble').evaluateAll((bubbles) =>
    bubbles.map((bubble) => {
      const { color, backgroundImage } = getComputedStyle(bubble);
      return [bubble.classList.contains('big'), color, backgroundImage !== 'none'];
    }),
  );
  for (const [big, color, hasGround] of looks) {
    assert.ok(hasGround || color !== 'rgb(255, 255, 255)', `${big} ${color}`);
  }
  assert.deepEqual(
    looks.map(([big]) => big),
    [false, false, true],
  );
});

story(
  'signing out asks when something is unsent, and leaves nothing in any tab',
  ['ann'],
  async (s) => {
    const { server, ann } = s;
    const other = await openTab(ann, server.url);
    await ann.bringToFront();
    await ann.locator('#message').fill('a secret draft');
    await ann.getByRole('button', { name: 'Sign out' }).click();
    await ann.getByText('You have 1 draft.').waitFor();
    await ann.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await fieldHolds(ann, 'a secret draft');
    await ann.getByRole('button', { name: 'Sign out' }).click();
    await ann.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
    for (const page of [ann, other]) {
      await page.getByRole('tab', { name: 'Sign in' }).waitFor();
      const left = await page.evaluate(() =>
        JSON.stringify([{ ...localStorage }, { ...sessionStorage }]),
      );
      assert.doesNotMatch(left, /secret|draft|cache/u);
    }
  },
);
