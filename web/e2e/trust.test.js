// What a person typed is kept, sent once, and reaches only the place and the name it was meant for;
// what they have not seen stays unread.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import {
  give,
  logIn,
  openPage,
  say,
  sayMany,
  shown,
  signUp,
  startBrowser,
  startServer,
  textsOf,
} from './harness.js';

/** @typedef {import('playwright-core').Page} Page */

/** @type {import('playwright-core').Browser} */ let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());

/**
 * A story with a server of its own, and a browser for each person.
 * @param {string} name
 * @param {string[]} people
 * @param {(story: any) => Promise<void>} run
 */
function story(name, people, run) {
  test(name, { timeout: 120_000 }, async () => {
    const server = await startServer(['--rate-limit', 'off']);
    /** @type {Record<string, any>} */ const pages = {};
    const all = [];
    try {
      for (const person of people) {
        const opened = await openPage(browser, server.url);
        all.push(opened);
        await signUp(opened.page, person);
        pages[person] = opened.page;
      }
      await run({ server, ...pages });
      for (const { faults } of all) assert.deepEqual(faults, []);
    } finally {
      await Promise.all(all.map(({ context }) => context.close()));
      await server.stop();
    }
  });
}

/** @param {Page} page */
const timeline = (page) => page.locator('.chat-page .timeline[aria-busy="false"]');

/** What a fresh connection says of the lobby. @param {Page} page @returns {Promise<any>} */
function lobbyOf(page) {
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        const socket = new WebSocket(`ws://${location.host}/ws`);
        socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', version: 1 }));
        socket.onmessage = ({ data }) => {
          socket.close();
          resolve(JSON.parse(data).rooms.find((/** @type {any} */ one) => one.room === 'lobby'));
        };
      }),
  );
}

story('a tab whose browser is signed in as somebody else sends nothing', ['eve'], async (s) => {
  const { server, eve } = s;
  const { context, page: ann } = await openPage(browser, server.url);
  const bob = await context.newPage();
  await bob.goto(server.url);
  await signUp(ann, 'ann');
  await signUp(bob, 'bob');
  await bob.evaluate(() => window.stop());
  await server.kill();
  await ann.getByText(/Connection lost|Connecting/u).waitFor();
  await say(ann, 'written by ann');
  await server.restart();
  await ann.getByText('This browser is now signed in as bob').waitFor({ timeout: 40_000 });
  await say(ann, 'written by ann later');
  await say(bob, 'from bob');
  await shown(eve, 'from bob');
  await eve.waitForTimeout(500);
  assert.deepEqual(await textsOf(eve), ['from bob']);
  // The other session is not ended by this tab, and what ann wrote waits for ann.
  await ann.reload();
  await timeline(ann).waitFor();
  await ann.locator('.account .name', { hasText: 'bob' }).waitFor();
  assert.deepEqual(await textsOf(ann), ['from bob']);
  await ann.getByRole('button', { name: 'Sign out' }).click();
  await logIn(ann, 'ann');
  await shown(eve, 'written by ann');
  await shown(eve, 'written by ann later');
  await context.close();
});

story(
  'what was written offline is sent once, though its tab is closed',
  ['ann', 'bob'],
  async (s) => {
    const { server, ann, bob } = s;
    const context = ann.context();
    const other = await context.newPage();
    await other.goto(server.url);
    await timeline(other).waitFor();
    await server.kill();
    await ann.getByText(/Connection lost|Connecting/u).waitFor();
    await say(ann, 'written offline');
    await ann.locator('.message.waiting').waitFor();
    await ann.locator('#message').fill('half a thought');
    await ann.close();
    await server.restart();
    await shown(bob, 'written offline');
    const again = await context.newPage();
    await again.goto(server.url);
    await shown(again, 'written offline');
    assert.equal(await again.locator('#message').inputValue(), 'half a thought');
    await again.waitForTimeout(6_000);
    for (const page of [bob, again, other]) {
      assert.deepEqual(await textsOf(page), ['written offline']);
    }
  },
);

story('a draft is one in all tabs, and is gone from them when it is sent', ['ann'], async (s) => {
  const { server, ann } = s;
  const other = await ann.context().newPage();
  await other.goto(server.url);
  await timeline(other).waitFor();
  await ann.bringToFront();
  await other.evaluate(() => {
    document.hasFocus = () => false;
  });
  await ann.locator('#message').fill('one draft');
  await other.waitForFunction(() => document.querySelector('textarea')?.value === 'one draft');
  await ann.locator('#message').press('Enter');
  await shown(other, 'one draft');
  assert.equal(await other.locator('#message').inputValue(), '');
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
    await question.hover();
    await question.getByRole('button', { name: 'Reply' }).click();
    await ann.locator('#message').fill('half an answer');
    await ann.locator('.message', { hasText: 'the first' }).hover();
    await ann.getByRole('button', { name: 'Edit' }).click();
    await ann.locator('#message').fill('the first, corrected');
    await ann.locator('[data-room="rust"]').click();
    assert.equal(await ann.locator('#message').inputValue(), '');
    await ann.locator('[data-room="lobby"]').click();
    await ann.reload();
    await ann.getByText('Editing your message').waitFor();
    assert.equal(await ann.locator('#message').inputValue(), 'the first, corrected');
    await ann.locator('#message').press('Enter');
    await shown(bob, 'the first, corrected');
    await ann.getByText('Replying to bob: a question').waitFor();
    assert.equal(await ann.locator('#message').inputValue(), 'half an answer');
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
    await bob.waitForTimeout(300);
    assert.equal(await bob.locator('#message').inputValue(), 'half a tho');
    await bob.locator('.room-head h1', { hasText: 'design' }).waitFor();
    assert.deepEqual(await textsOf(ann), []);
    await bob.reload();
    await timeline(bob).waitFor();
    await bob.locator('[data-room="design"]').click();
    assert.equal(await bob.locator('#message').inputValue(), 'half a tho');
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
    await ann.waitForTimeout(800);
    await ann.locator('[data-room="rust"]').click();
    await ann.locator('.room-head h1', { hasText: 'rust' }).waitFor();
    await sayMany(
      bob,
      Array.from({ length: count }, (_, at) => `unread ${at}`),
    );
    await ann.reload();
    await timeline(ann).waitFor();
    await ann.locator('[data-room="lobby"]').click();
    await ann.locator('li.new').waitFor();
    await ann.waitForTimeout(1_200);
    const place = await ann.locator('li.new').evaluate((line) => ({
      next: line.nextElementSibling?.querySelector('.text')?.textContent,
      top: line.getBoundingClientRect().top,
    }));
    assert.equal(place.next, 'unread 0');
    assert.ok(place.top > 0 && place.top < 700, `the line is in view: ${place.top}`);
    const { unread, read_seq: readSeq } = await lobbyOf(ann);
    if (count > 30) {
      assert.ok(unread > 0 && unread < count, `${unread} are left unread`);
      const seen = await ann.locator('.message').evaluateAll((rows) => {
        const edge = document.querySelector('.timeline')?.getBoundingClientRect().bottom ?? 0;
        const inView = rows.filter((row) => row.getBoundingClientRect().bottom <= edge + 1);
        return Number(/** @type {HTMLElement} */ (inView.at(-1))?.dataset.seq);
      });
      assert.ok(readSeq <= seen, `marked ${readSeq}, in view up to ${seen}`);
      await ann.getByRole('button', { name: `${unread} new messages` }).click();
      await shown(ann, `unread ${count - 1}`);
    }
  });
}

story(
  'a ban has no end unless one is chosen, and the question says how long',
  ['ann', 'bob'],
  async (s) => {
    const { ann } = s;
    await ann.locator('.people .person', { hasText: 'bob' }).getByRole('button').click();
    const dialog = ann.getByRole('dialog');
    assert.equal(
      await dialog.getByLabel('Duration').locator('option:checked').textContent(),
      'Until it is lifted',
    );
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
    error.evaluate((line) => {
      const box = line.getBoundingClientRect();
      const body = line.closest('.dialog-body')?.getBoundingClientRect();
      return Boolean(body && box.top >= body.top && box.bottom <= body.bottom + 1);
    });
  assert.ok(await isInView());
  assert.equal(await ann.getByLabel('New password').getAttribute('aria-invalid'), 'true');
  const file = { name: 'x.txt', mimeType: 'text/plain', buffer: Buffer.from('x') };
  await ann.getByLabel('Picture (').setInputFiles(file);
  await ann.getByText('Not an image.').waitFor();
  assert.ok(await isInView());
  await ann.getByLabel('Display name').fill('Ann A.');
  await ann.getByRole('button', { name: 'Change', exact: true }).click();
  await ann.getByText('Your display name was changed.').waitFor();
  assert.equal(await ann.locator('.profile-name').textContent(), 'Ann A.');
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
    const other = await ann.context().newPage();
    await other.goto(server.url);
    await timeline(other).waitFor();
    await ann.locator('#message').fill('a secret draft');
    await ann.getByRole('button', { name: 'Sign out' }).click();
    await ann.getByText('You have 1 draft.').waitFor();
    await ann.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    assert.equal(await ann.locator('#message').inputValue(), 'a secret draft');
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
