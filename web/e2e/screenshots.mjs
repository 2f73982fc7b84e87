// Makes the pictures of the page: node e2e/screenshots.mjs OUTDIR

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { logIn, openPage, say, shown, signUp, startBrowser, startServer } from './harness.js';

const out = process.argv[2];
if (!out) {
  console.error('Name the directory for the pictures: node e2e/screenshots.mjs OUTDIR');
  process.exit(2);
}

/** @type {[string, string][]} */
const TALK = [
  ['maya', 'Morning! The new build is on staging ☀️'],
  ['maya', 'Can someone look at the upgrade notes before I announce it?'],
  ['jonas', 'On it. First read: clear, short, I like it.'],
  ['jonas', 'One thing, the backup step should come *before* the restart. As written you would stop the server and only then think of the data. I’d put it at the very top with a line on where the file lands, so nobody has to search for it at two in the morning.'],
  ['priya', '👏'],
  ['maya', 'Good catch, fixed.'],
  ['noor', 'How do I check that the backup is sound?'],
  ['jonas', 'Like this:\n```\nsqlite3 chat.db "pragma integrity_check;"\nok\n```\nTakes a second, even on the big one.'],
  ['noor', 'Works here, thanks!'],
  ['priya', 'I restarted twice during the load test and nobody lost a message. My phone even sent the one I typed in the tunnel.'],
  ['noor', 'That was the part I was worried about 🎉'],
  ['maya', 'Then I’ll announce it for 14:00. Notes are at https://chat.example/notes, set `--data-dir` if yours lives elsewhere.'],
  ['jonas', 'Perfect. Lunch?'],
  ['priya', 'Lunch 🍜'],
  ['maya', 'Give me five minutes'],
];

await mkdir(out, { recursive: true });
const server = await startServer();
const browser = await startBrowser();
try {
  const people = new Map();
  for (const name of ['maya', 'jonas', 'priya', 'noor']) {
    const { page } = await openPage(browser, server.url);
    await signUp(page, name);
    people.set(name, page);
  }
  for (const [name, text] of TALK) {
    await say(people.get(name), text);
    await people.get(name).locator('.message.waiting').waitFor({ state: 'detached' });
  }
  for (const [name, size] of /** @type {const} */ ([['page-1280', { width: 1280, height: 800 }], ['page-390', { width: 390, height: 844 }]])) {
    const { page } = await openPage(browser, server.url, { viewport: size, deviceScaleFactor: 2 });
    await page.waitForTimeout(800);
    await page.screenshot({ path: path.join(out, `${name}-login.png`) });
    await logIn(page, 'maya');
    await shown(page, 'Give me five minutes');
    await page.waitForTimeout(600);
    await page.screenshot({ path: path.join(out, `${name}.png`) });
    await page.context().close();
  }
} finally {
  await browser.close();
  await server.stop();
}
