// Makes the pictures of the page and of the terminal client: node e2e/screenshots.mjs OUTDIR

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { toHtml } from './ansi.js';
import { give, signIn, openPage, say, shown, signUp } from './harness.js';
import { PASSWORD, startBrowser, startServer } from './programs.js';
import { startTerminal } from './terminal.js';

const out = process.argv[2];
if (!out) {
  console.error('Name the directory for the pictures: node e2e/screenshots.mjs OUTDIR');
  process.exit(2);
}

const ROOMS = [
  ['release', 'What ships, and when'],
  ['on-call', ''],
  ['design', ''],
];
/** @type {[string, string][]} */
const TALK = [
  ['maya', 'Morning! Anything left before the upgrade?'],
  [
    'jonas',
    'The notes read well. One thing: the backup step should come before the restart. As written you would stop the server and only then think of the data.',
  ],
  ['maya', 'Good catch, fixed.'],
  ['noor', 'I can take the questions in #on-call this week'],
  ['maya', '👏'],
  ['priya', 'Hi from the train, so from a terminal. What can I test?'],
  [
    'maya',
    'The restart: kill the server on staging while you write, please, and see what is left of it.',
  ],
  ['priya', 'With pleasure'],
  ['jonas', 'Wait a second, the new build is on its way there.'],
  ['ship', 'Build 214 is live on staging. No errors so far.'],
  [
    'priya',
    'I restarted it twice under load from here. Nobody lost a message, and what I typed meanwhile went out by itself.',
  ],
  ['maya', 'That was the part I was worried about 🎉'],
  ['noor', 'How do I check that the backup is sound?'],
  ['jonas', 'Like this: `sqlite3 chat.db "pragma integrity_check"`'],
  ['noor', 'It says ok, thanks!'],
  ['maya', 'Then 14:00 it is. Notes: https://chat.example/notes'],
  ['priya', 'Perfect. Lunch? 🍜'],
];
const LAST = 'Five minutes, I’m on the stairs';

const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
/**
 * @type {{
 *   name: string, options: any, then?: (page: import('playwright-core').Page) => Promise<void>,
 * }[]}
 */
const VIEWS = [
  { name: 'page', options: { viewport: WIDE, colorScheme: 'dark' } },
  {
    name: 'page-light',
    options: { viewport: WIDE, colorScheme: 'light' },
    async then(page) {
      await page.getByRole('button', { name: 'Search', exact: true }).click();
      await page.getByLabel('Words').fill('backup');
      await page.keyboard.press('Enter');
      await page.locator('.result').first().waitFor();
    },
  },
  { name: 'page-phone', options: { viewport: PHONE, colorScheme: 'dark' } },
  {
    name: 'page-phone-light',
    options: { viewport: PHONE, colorScheme: 'light' },
    then: (page) => page.getByRole('button', { name: 'Rooms', exact: true }).click(),
  },
];

await mkdir(out, { recursive: true });
const server = await startServer();
const browser = await startBrowser();
let terminal;
try {
  /** @type {Map<string, (text: string) => Promise<void>>} */ const people = new Map();
  /** @type {import('playwright-core').Page[]} */ const pages = [];
  for (const name of ['maya', 'jonas', 'noor', 'ship']) {
    const { page } = await openPage(browser, server.url);
    pages.push(page);
    if (name === 'ship') {
      await page.evaluate(
        (body) =>
          fetch('/register', {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body,
          }),
        JSON.stringify({ username: name, password: PASSWORD, bot: true }),
      );
      await signIn(page, name);
      await page.locator('.chat-page .timeline[aria-busy="false"]').waitFor();
    } else await signUp(page, name);
    people.set(name, async (text) => {
      await say(page, text);
      await page.locator('.message.waiting').waitFor({ state: 'detached' });
    });
  }
  for (const [room, topic] of ROOMS) await command(pages[0], { type: 'create', room, topic });
  terminal = await startTerminal(server.url, {
    columns: 110,
    rows: 32,
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  });
  await terminal.signUp('priya');
  people.set('priya', terminal.say);
  for (const [room] of ROOMS.slice(0, 2)) {
    await terminal.say(`/join ${room}`);
    await terminal.see(`>2 ${room}`);
  }
  await terminal.keys('M-1');
  await command(pages[1], { type: 'join', room: 'release' });
  await command(pages[1], {
    type: 'send',
    room: 'release',
    text: 'The notes are final, @maya',
    nonce: 'final',
  });
  for (const [name, text] of TALK) {
    await people.get(name)?.(text);
    await terminal.see(`: ${text.slice(0, 20)}`);
  }
  const [maya, jonas, noor] = pages;
  const find = (/** @type {string} */ text) => seqOf(maya, text);
  await command(maya, {
    type: 'send',
    room: 'lobby',
    text: 'Added to the notes, with an example',
    nonce: 'reply',
    reply_to: await find('How do I check'),
  });
  for (const [page, emoji] of /** @type {const} */ ([
    [noor, '🎉'],
    [jonas, '🎉'],
    [jonas, '🙏'],
  ])) {
    await command(page, {
      type: 'react',
      room: 'lobby',
      seq: await find('Nobody lost a message'),
      emoji,
      on: true,
    });
  }
  const {
    room: { room: direct },
  } = await command(noor, { type: 'dm', username: 'maya' });
  await command(noor, { type: 'send', room: direct, text: 'Coffee before that?', nonce: 'coffee' });
  await command(jonas, { type: 'profile', display_name: 'Jonas Weber' });
  await command(maya, { type: 'profile', display_name: 'Maya Lindqvist' });
  await people.get('jonas')?.(LAST);
  await terminal.see(LAST);
  await terminal.write('See you there');
  await terminal.see('> See you there');

  for (const { name, options, then } of VIEWS) {
    const { page } = await openPage(browser, server.url, /** @type {any} */ (options));
    await signIn(page, 'maya');
    await shown(page, LAST);
    await then?.(page);
    await page.mouse.move(0, 0);
    await page.waitForTimeout(700);
    await page.screenshot({ path: path.join(out, `${name}.png`) });
    await page.context().close();
  }
  const { page } = await openPage(browser, 'about:blank', {
    viewport: { width: 1280, height: 800 },
  });
  await page.setContent(toHtml(await terminal.picture(), 'chat-tui'));
  await page.locator('body').screenshot({ path: path.join(out, 'terminal.png') });
} finally {
  await terminal?.stop();
  await browser.close();
  await server.stop();
}

/**
 * Gives a command that must be done.
 * @param {import('playwright-core').Page} page
 * @param {any} frame
 * @returns {Promise<any>} its answer
 */
async function command(page, frame) {
  const [answer] = await give(page, [frame]);
  if (answer.type === 'error') throw new Error(JSON.stringify(answer));
  return answer;
}

/**
 * The newest message of the lobby that holds this text.
 * @param {import('playwright-core').Page} page
 * @param {string} text
 */
async function seqOf(page, text) {
  const { messages } = await command(page, { type: 'history', room: 'lobby', limit: 200 });
  return messages.findLast((/** @type {any} */ message) => message.message.includes(text)).seq;
}
