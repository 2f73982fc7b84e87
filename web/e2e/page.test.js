// The page in a real browser against a real server.

import assert from 'node:assert/strict';
import {
  allAreStored,
  fieldHolds,
  hasUnread,
  isReady,
  signIn,
  openTab,
  reconnect,
  say,
  sayMany,
  shown,
  showsTexts,
} from './harness.js';
import { story } from './story.js';
import { becomes, until } from './wait.js';

/** @typedef {import('playwright-core').Page} Page */

/** Where the view is, in pixels. @param {Page} page */
const scroll = (page) =>
  page.locator('.timeline').evaluate((log) => ({
    top: log.scrollTop,
    fromEnd: log.scrollHeight - log.scrollTop - log.clientHeight,
  }));
/** Waits until the view is at the end. @param {Page} page */
const isAtEnd = (page) =>
  until(async () => (await scroll(page)).fromEnd < 2, 'the view is at the end');
/**
 * Bob writes more messages than fit on the screen, and ann has read them.
 * @param {Page} ann
 * @param {Page} bob
 */
async function haveRead(ann, bob) {
  await sayMany(
    bob,
    Array.from({ length: 40 }, (_, at) => `message ${at}`),
  );
  await shown(ann, 'message 39');
  await hasUnread(ann, 0);
}

/** @param {Page} page @param {string} text */
const row = (page, text) =>
  page.locator('.message', { has: page.locator('.text').getByText(text, { exact: true }) });

story(
  'two people talk: own at the right, others at the left, the same after a reload',
  ['ann', 'bob'],
  async ({ ann, bob }) => {
    await say(ann, 'hello bob');
    await shown(bob, 'hello bob');
    await say(bob, 'hello ann');
    await shown(ann, 'hello ann');
    await ann.locator('#message').fill('two');
    await ann.locator('#message').press('Shift+Enter');
    await ann.keyboard.type('lines');
    await ann.keyboard.press('Enter');
    await bob.locator('.text', { hasText: 'lines' }).waitFor();

    await row(ann, 'hello bob').and(ann.locator('.mine')).waitFor();
    await row(ann, 'hello ann').and(ann.locator('.theirs')).waitFor();
    const middle = 640;
    const isRight = (/** @type {string} */ side) =>
      ann
        .locator(`.${side} .bubble`)
        .evaluateAll(
          (/** @type {Element[]} */ bubbles, /** @type {number} */ edge) =>
            bubbles.map((bubble) => bubble.getBoundingClientRect().x > edge),
          middle,
        );
    await becomes(() => isRight('mine'), [true, true], 'own messages at the right');
    await becomes(() => isRight('theirs'), [false], 'those of others at the left');
    assert.match(await row(ann, 'hello ann').locator('time').textContent(), /^\d\d:\d\d$/);
    await ann.locator('.people-lists .online .person', { hasText: 'bob' }).waitFor();

    const expected = ['hello bob', 'hello ann', 'two\nlines'];
    await showsTexts(ann, expected);
    await allAreStored(ann, 2);
    await ann.reload();
    await shown(ann, 'hello ann');
    await showsTexts(ann, expected);
    await showsTexts(bob, expected);
  },
);

story(
  'a person who comes or goes is announced, and moves between the lists of people',
  ['ann', 'bob'],
  async ({ ann, bob }) => {
    await ann.locator('.line', { hasText: 'bob joined the chat' }).waitFor();
    await bob.context().close();
    await ann.locator('.line', { hasText: 'bob left the chat' }).waitFor();
    await ann.locator('.people-lists .offline .person', { hasText: 'bob' }).waitFor();
  },
);

story('markup in messages is shown as text', ['ann', 'bob'], async ({ ann, bob }) => {
  const hostile = [
    '<img src=x onerror=alert(1)>',
    '<script>alert(2)</script>',
    '<a href="javascript:alert(3)">x</a>',
    '"><svg onload=alert(4)>',
    'javascript:alert(5)',
    '&lt;b&gt; &amp;',
  ];
  for (const text of hostile) await say(ann, text);
  await shown(bob, hostile[hostile.length - 1]);
  await showsTexts(bob, hostile);
  await showsTexts(ann, hostile);
  assert.equal(await bob.locator('.text img, .text script, .text svg, .text a').count(), 0);
});

story(
  'a reader further up is left alone, a reader at the end follows',
  ['ann', 'bob'],
  async ({ ann, bob }) => {
    await haveRead(ann, bob);
    await isAtEnd(ann);
    await ann.locator('.timeline').evaluate((/** @type {Element} */ log) => {
      log.scrollTop = 500;
    });
    await ann.locator('.jump').waitFor();
    const before = (await scroll(ann)).top;
    await say(bob, 'while you read');
    await ann.getByRole('button', { name: '1 new message' }).waitFor();
    assert.ok(Math.abs((await scroll(ann)).top - before) < 2, 'not pulled away');
    await ann.getByRole('button', { name: '1 new message' }).click();
    await isAtEnd(ann);
    await say(bob, 'and now you follow');
    await shown(ann, 'and now you follow');
    await isAtEnd(ann);
  },
);

story(
  'a reader who scrolls up just when a message comes stays there',
  ['ann', 'bob'],
  async ({ ann, bob }) => {
    await haveRead(ann, bob);
    // A slow browser draws the message before it tells the page of the scroll; here it never tells.
    await ann.evaluate(() =>
      window.addEventListener('scroll', (event) => event.stopPropagation(), { capture: true }),
    );
    await ann.locator('.timeline').evaluate((log) => {
      log.scrollTop = 500;
    });
    await say(bob, 'while you read');
    await ann.getByRole('button', { name: '1 new message' }).waitFor();
    assert.ok((await scroll(ann)).fromEnd > 48, 'not pulled to the end');
  },
);

story('older history loads at the top without a jump', ['ann', 'bob'], async ({ ann, bob }) => {
  await sayMany(
    bob,
    Array.from({ length: 180 }, (_, at) => `message ${at}`),
  );
  await ann.reload();
  await shown(ann, 'message 179');
  assert.equal(await row(ann, 'message 20').count(), 0, 'one page first');
  await ann.locator('.timeline[aria-busy="false"]').waitFor();
  // Read in one step: the next page may come at any moment.
  const { first, y } = await ann.locator('.timeline').evaluate((log) => {
    log.scrollTop = 60;
    const oldest = log.querySelector('.message');
    return {
      first: oldest?.querySelector('.text')?.textContent ?? '',
      y: oldest?.getBoundingClientRect().y ?? 0,
    };
  });
  const where = () =>
    row(ann, first)
      .boundingBox()
      .then((/** @type {any} */ box) => box.y);
  await ann.waitForFunction(
    (text) => document.querySelector('.message .text')?.textContent !== text,
    first,
  );
  // The rows are in the page a moment before the page has scrolled to them.
  await until(
    async () => Math.abs((await where()) - y) < 40,
    'the rows being read stay where they are',
  );
  await until(async () => {
    await ann.locator('.timeline').evaluate((/** @type {Element} */ log) => {
      log.scrollTop = 0;
    });
    return (await ann.getByText('This is the beginning of the room').count()) > 0;
  }, 'the beginning of the room is loaded');
  await showsTexts(
    ann,
    Array.from({ length: 180 }, (_, at) => `message ${at}`),
  );
});

story(
  'a killed server comes back: the page too, with what it missed, nothing lost and nothing twice',
  ['ann', 'bob'],
  async ({ server, ann, bob }) => {
    await say(ann, 'before');
    await shown(bob, 'before');
    await server.kill();
    await ann.getByText(/Connection lost|Connecting/).waitFor();
    await say(ann, 'typed while offline');
    await row(ann, 'typed while offline').and(ann.locator('.waiting')).waitFor();
    await ann.context().setOffline(true);
    await server.restart();
    await bob.locator('.status').first().waitFor({ state: 'hidden', timeout: 40_000 });
    await say(bob, 'missed by ann');
    await shown(bob, 'missed by ann');
    await ann.context().setOffline(false);
    await shown(ann, 'missed by ann');
    await shown(ann, 'typed while offline');
    await shown(bob, 'typed while offline');
    // A message that was sent twice would come before this one.
    await say(ann, 'after');
    const expected = ['before', 'missed by ann', 'typed while offline', 'after'];
    for (const page of [ann, bob]) {
      await shown(page, 'after');
      await showsTexts(page, expected);
    }
    await ann.reload();
    await shown(ann, 'after');
    await showsTexts(ann, expected);
  },
);

story(
  'a message written while the server is away outlives a reload of the page',
  ['ann', 'bob'],
  async ({ server, ann, bob }) => {
    await say(ann, 'stored');
    for (const page of [ann, bob]) await shown(page, 'stored');
    await server.kill();
    await say(ann, 'unsent');
    await ann.locator('.message.waiting').waitFor();
    await server.restart();
    await reconnect(bob);
    await ann.reload();
    await shown(ann, 'unsent');
    await shown(bob, 'unsent');
    await say(ann, 'after');
    for (const page of [ann, bob]) {
      await shown(page, 'after');
      await showsTexts(page, ['stored', 'unsent', 'after']);
    }
  },
);

story('too long a message is refused before it leaves, and kept', ['ann'], async ({ ann }) => {
  await ann.locator('#message').fill('x'.repeat(4001));
  await ann.getByText('This message is 1 character too long').waitFor();
  await ann.locator('#message').press('Enter');
  assert.equal(await ann.locator('.message').count(), 0);
  await fieldHolds(ann, 'x'.repeat(4001));
  await say(ann, '👋'.repeat(4000));
  await ann.locator('.message.mine:not(.waiting):not(.failed)').waitFor();
});

story('a wrong password is refused, and signing out leaves no draft', ['ann'], async ({ ann }) => {
  await ann.locator('#message').fill('a draft');
  await ann.reload();
  await isReady(ann);
  await fieldHolds(ann, 'a draft');
  await ann.getByRole('button', { name: 'Sign out' }).click();
  await ann.getByText('You have 1 draft.').waitFor();
  await ann.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
  await ann.getByRole('tab', { name: 'Sign in' }).waitFor();
  await signIn(ann, 'ann', 'not the password');
  await ann.getByText('Invalid username or password').waitFor();
  await signIn(ann, 'ann');
  await ann.locator('.chat-page').waitFor();
  await isReady(ann);
  await fieldHolds(ann, '');
  await ann.getByRole('button', { name: 'Sign out' }).click();
  await ann.getByRole('tab', { name: 'Sign in' }).waitFor();
  await ann.reload();
  await ann.getByRole('tab', { name: 'Sign up' }).click();
  await ann.getByLabel('Username').fill('ann');
  await ann.getByLabel('Password', { exact: true }).fill('another password');
  await ann.getByRole('button', { name: 'Create account' }).click();
  await ann.getByText('Username already exists').waitFor();
});

story('a sign-out in one tab ends the others', ['ann'], async ({ server, ann }) => {
  const other = await openTab(ann, server.url);
  await ann.bringToFront();
  await ann.getByRole('button', { name: 'Sign out' }).click();
  await other.getByText('You were signed out').waitFor();
});

story(
  'messages count as read only once the reader looks at the page',
  ['ann', 'bob'],
  async ({ ann, bob }) => {
    const look = (/** @type {boolean} */ here) =>
      ann.evaluate((now) => {
        document.hasFocus = () => now;
        window.dispatchEvent(new Event(now ? 'focus' : 'blur'));
      }, here);
    const countsInTitle = async () => /^\(1\)/u.test(await ann.title());
    await look(false);
    await say(bob, 'while you were away');
    await shown(ann, 'while you were away');
    // Several times as long as the page waits before it marks a message read.
    await ann.waitForTimeout(800);
    await hasUnread(ann, 1);
    await becomes(countsInTitle, true);
    await look(true);
    await hasUnread(ann, 0);
    await becomes(countsInTitle, false);
  },
);

story(
  'typing anywhere goes to the field, and screen readers hear new messages',
  ['ann', 'bob'],
  async ({ ann, bob }) => {
    await ann.locator('.room-mark').click();
    await ann.keyboard.type('typed without a click');
    await ann.keyboard.press('Enter');
    await shown(bob, 'typed without a click');
    await bob
      .locator('.unseen[aria-live]', { hasText: 'ann: typed without a click' })
      .waitFor({ state: 'attached' });
  },
);

story('a phone: nothing sticks out, and the sides are drawers', ['ann'], async ({ ann }) => {
  await ann.setViewportSize({ width: 390, height: 844 });
  await say(ann, `${'long'.repeat(300)} https://example.org/${'path/'.repeat(60)}`);
  await say(ann, `\`\`\`\n${'wide code '.repeat(60)}\n\`\`\``);
  await ann.locator('.message pre').waitFor();
  await allAreStored(ann, 2);
  const sticksOut = () =>
    ann.evaluate(() =>
      [document.documentElement, ...document.querySelectorAll('.timeline, .room, .composer')]
        .filter((box) => box.scrollWidth > box.clientWidth + 1)
        .map((box) => box.className),
    );
  await becomes(sticksOut, []);
  await ann.getByRole('button', { name: /^People/ }).click();
  await ann.locator('.people .person', { hasText: 'ann' }).waitFor();
  await ann.keyboard.press('Escape');
  await ann.getByRole('button', { name: 'Rooms' }).click();
  await ann.getByRole('button', { name: 'Sign out' }).click();
  await ann.getByRole('tab', { name: 'Sign in' }).waitFor();
});
