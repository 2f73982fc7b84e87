// The page in a real browser against a real server.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import {
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

/** @type {import('playwright-core').Browser} */ let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());

/**
 * Runs a story with a server of its own and people who have just signed up. Any complaint of the
 * browser fails it.
 * @param {string} name
 * @param {string[]} people
 * @param {(story: any) => Promise<void>} run
 * @param {string[]} [flags]
 */
function story(name, people, run, flags = []) {
  test(name, { timeout: 120_000 }, async () => {
    const server = await startServer(flags);
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

/** @param {import('playwright-core').Page} page */
const scroll = (page) =>
  page.locator('.timeline').evaluate((log) => ({
    top: log.scrollTop,
    fromEnd: log.scrollHeight - log.scrollTop - log.clientHeight,
  }));
/** @param {import('playwright-core').Page} page @param {string} text */
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

    assert.equal(
      await row(ann, 'hello bob')
        .getAttribute('class')
        .then((/** @type {string} */ names) => names.includes('mine')),
      true,
    );
    assert.equal(
      await row(ann, 'hello ann')
        .getAttribute('class')
        .then((/** @type {string} */ names) => names.includes('theirs')),
      true,
    );
    const middle = 640;
    const own = await row(ann, 'hello bob').locator('.bubble').boundingBox();
    const other = await row(ann, 'hello ann').locator('.bubble').boundingBox();
    assert.ok(own.x > middle && other.x < middle, 'own right, others left');
    assert.match(await row(ann, 'hello ann').locator('time').textContent(), /^\d\d:\d\d$/);
    await ann.locator('.people-lists .online .person', { hasText: 'bob' }).waitFor();

    const expected = ['hello bob', 'hello ann', 'two\nlines'];
    assert.deepEqual(await textsOf(ann), expected);
    await ann.reload();
    await shown(ann, 'hello ann');
    assert.deepEqual(await textsOf(ann), expected);
    assert.deepEqual(await textsOf(bob), expected);
  },
);

story(
  'who comes and goes is told, and is seen among the people',
  ['ann', 'bob'],
  async ({ ann, bob }) => {
    await ann.locator('.line', { hasText: 'bob joined the chat' }).waitFor();
    await bob.context().close();
    await ann.locator('.line', { hasText: 'bob left the chat' }).waitFor();
    await ann.locator('.people-lists .offline .person', { hasText: 'bob' }).waitFor();
  },
);

story('what people write is text, whatever it looks like', ['ann', 'bob'], async ({ ann, bob }) => {
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
  assert.deepEqual(await textsOf(bob), hostile);
  assert.deepEqual(await textsOf(ann), hostile);
  assert.equal(await bob.locator('.text img, .text script, .text svg, .text a').count(), 0);
});

story(
  'a reader further up is left alone, a reader at the end follows',
  ['ann', 'bob'],
  async ({ ann, bob }) => {
    await sayMany(
      bob,
      Array.from({ length: 40 }, (_, at) => `message ${at}`),
    );
    await shown(ann, 'message 39');
    // What was in view counts as read a moment later.
    await ann.waitForTimeout(800);
    assert.ok((await scroll(ann)).fromEnd < 2, 'follows at the end');
    await ann.locator('.timeline').evaluate((log) => {
      log.scrollTop = 500;
    });
    await ann.waitForTimeout(200);
    const before = (await scroll(ann)).top;
    await say(bob, 'while you read');
    await ann.getByRole('button', { name: '1 new message' }).waitFor();
    assert.ok(Math.abs((await scroll(ann)).top - before) < 2, 'not pulled away');
    await ann.getByRole('button', { name: '1 new message' }).click();
    assert.ok((await scroll(ann)).fromEnd < 2);
    await say(bob, 'and now you follow');
    await shown(ann, 'and now you follow');
    assert.ok((await scroll(ann)).fromEnd < 2);
  },
  ['--rate-limit', 'off'],
);

story(
  'who scrolls up just when a message comes is left there',
  ['ann', 'bob'],
  async ({ ann, bob }) => {
    await sayMany(
      bob,
      Array.from({ length: 40 }, (_, at) => `message ${at}`),
    );
    await shown(ann, 'message 39');
    // What was in view counts as read a moment later.
    await ann.waitForTimeout(800);
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
  ['--rate-limit', 'off'],
);

story(
  'older history loads at the top without a jump',
  ['ann', 'bob'],
  async ({ ann, bob }) => {
    await sayMany(
      bob,
      Array.from({ length: 180 }, (_, at) => `message ${at}`),
    );
    await ann.reload();
    await shown(ann, 'message 179');
    assert.equal(await row(ann, 'message 20').count(), 0, 'one page first');
    const first = await ann.locator('.message .text').first().textContent();
    await ann.locator('.timeline').evaluate((log) => {
      log.scrollTop = 60;
    });
    const where = () =>
      row(ann, first ?? '')
        .boundingBox()
        .then((/** @type {any} */ box) => box.y);
    const y = await where();
    await ann.waitForFunction(
      (text) => document.querySelector('.message .text')?.textContent !== text,
      first,
    );
    assert.ok(Math.abs((await where()) - y) < 40, 'the rows being read stay where they are');
    while ((await ann.getByText('This is the beginning of the room').count()) === 0) {
      await ann.locator('.timeline').evaluate((log) => {
        log.scrollTop = 0;
      });
      await ann.waitForTimeout(100);
    }
    assert.deepEqual(
      await textsOf(ann),
      Array.from({ length: 180 }, (_, at) => `message ${at}`),
    );
  },
  ['--rate-limit', 'off'],
);

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
    for (const page of [ann, bob]) {
      await page.waitForTimeout(300);
      assert.deepEqual(await textsOf(page), ['before', 'missed by ann', 'typed while offline']);
    }
    await ann.reload();
    await shown(ann, 'typed while offline');
    assert.deepEqual(await textsOf(ann), ['before', 'missed by ann', 'typed while offline']);
  },
);

story(
  'what was typed while the server was away outlives a reload of the page',
  ['ann', 'bob'],
  async ({ server, ann, bob }) => {
    await say(ann, 'stored');
    await shown(bob, 'stored');
    await ann.locator('.message.waiting').waitFor({ state: 'detached' });
    await server.kill();
    await say(ann, 'unsent');
    await ann.locator('.message.waiting').waitFor();
    await server.restart();
    await ann.reload();
    await shown(ann, 'unsent');
    await shown(bob, 'unsent');
    await ann.waitForTimeout(300);
    for (const page of [ann, bob]) assert.deepEqual(await textsOf(page), ['stored', 'unsent']);
  },
);

story('too long a message is refused before it leaves, and kept', ['ann'], async ({ ann }) => {
  await ann.locator('#message').fill('x'.repeat(4001));
  await ann.getByText('This message is 1 character too long').waitFor();
  await ann.locator('#message').press('Enter');
  assert.equal(await ann.locator('.message').count(), 0);
  assert.equal((await ann.locator('#message').inputValue()).length, 4001);
  await say(ann, '👋'.repeat(4000));
  await ann.locator('.message.mine:not(.waiting):not(.failed)').waitFor();
});

story('log in, a wrong password, log out', ['ann'], async ({ ann }) => {
  await ann.locator('#message').fill('a draft');
  await ann.reload();
  await ann.locator('.timeline[aria-busy="false"]').waitFor();
  assert.equal(await ann.locator('#message').inputValue(), 'a draft', 'a reload keeps it');
  await ann.getByRole('button', { name: 'Sign out' }).click();
  await ann.getByText('You have 1 draft.').waitFor();
  await ann.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
  await ann.getByRole('tab', { name: 'Sign in' }).waitFor();
  await logIn(ann, 'ann', 'not the password');
  await ann.getByText('Invalid username or password').waitFor();
  await logIn(ann, 'ann');
  await ann.locator('.chat-page').waitFor();
  assert.equal(await ann.locator('#message').inputValue(), '', 'a sign-out leaves no draft behind');
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
  const other = await ann.context().newPage();
  await other.goto(server.url);
  await other.locator('.chat-page').waitFor();
  await ann.getByRole('button', { name: 'Sign out' }).click();
  await other.getByText('You were signed out').waitFor();
});

story('who looks away has not read, who comes back has', ['ann', 'bob'], async ({ ann, bob }) => {
  const look = (/** @type {boolean} */ here) =>
    ann.evaluate((now) => {
      document.hasFocus = () => now;
      window.dispatchEvent(new Event(now ? 'focus' : 'blur'));
    }, here);
  const unread = async () => {
    const frame = await ann.evaluate(
      () =>
        new Promise((resolve) => {
          const socket = new WebSocket(`ws://${location.host}/ws`);
          socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', version: 1 }));
          socket.onmessage = ({ data }) => {
            socket.close();
            resolve(JSON.parse(data));
          };
        }),
    );
    return frame.rooms[0].unread;
  };
  await look(false);
  await say(bob, 'while you were away');
  await shown(ann, 'while you were away');
  await ann.waitForTimeout(800);
  assert.equal(await unread(), 1);
  assert.match(await ann.title(), /^\(1\)/);
  await look(true);
  const until = Date.now() + 5_000;
  while ((await unread()) !== 0 && Date.now() < until) await ann.waitForTimeout(100);
  assert.equal(await unread(), 0);
  assert.doesNotMatch(await ann.title(), /^\(/);
});

story('by keyboard alone', ['ann', 'bob'], async ({ ann, bob }) => {
  await ann.locator('.room-mark').click();
  await ann.keyboard.type('typed without a click');
  await ann.keyboard.press('Enter');
  await shown(bob, 'typed without a click');
  await bob
    .locator('.unseen[aria-live]', { hasText: 'ann: typed without a click' })
    .waitFor({ state: 'attached' });
});

story('a phone: nothing sticks out, and the sides are drawers', ['ann'], async ({ ann }) => {
  await ann.setViewportSize({ width: 390, height: 844 });
  await say(ann, `${'long'.repeat(300)} https://example.org/${'path/'.repeat(60)}`);
  await say(ann, `\`\`\`\n${'wide code '.repeat(60)}\n\`\`\``);
  await ann.locator('.message pre').waitFor();
  const sticksOut = await ann.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll('.timeline, .room, .composer')]
      .filter((box) => box.scrollWidth > box.clientWidth + 1)
      .map((box) => box.className),
  );
  assert.deepEqual(sticksOut, []);
  await ann.getByRole('button', { name: /^People/ }).click();
  await ann.locator('.people .person', { hasText: 'ann' }).waitFor();
  await ann.keyboard.press('Escape');
  await ann.getByRole('button', { name: 'Rooms' }).click();
  await ann.getByRole('button', { name: 'Sign out' }).click();
  await ann.getByRole('tab', { name: 'Sign in' }).waitFor();
});
