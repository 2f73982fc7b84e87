// How fast the page is, by Chromium's own trace: node e2e/speed.mjs [FILE.md]
// It starts what it measures, repeats, and prints medians with their spread beside the limits.

import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { openPage, say, shown, signUp } from './harness.js';
import { startBrowser, startServer } from './programs.js';

const RUNS = Number(process.env.CHAT_SPEED_RUNS ?? 7);
const MESSAGES = Number(process.env.CHAT_SPEED_MESSAGES ?? 100_000);
const SLOWDOWN = 4;
const SCROLL_MS = 6_000;
const ARRIVING_PER_S = 500;
const KEYS = 40;

/** @typedef {import('playwright-core').Page} Page */

const server = await startServer(['--rate-limit', 'off']);
const browser = await startBrowser();
/** @type {{what: string, unit: string, mark: number, values: number[]}[]} */ const results = [];
try {
  const { context, page } = await openPage(browser, server.url);
  await signUp(page, 'ann');
  await fill(page, MESSAGES);
  await say(page, 'the last one');
  await shown(page, 'the last one');
  // The cache is written within some seconds.
  await page.waitForTimeout(6_000);
  const kinds = [
    [`signed in and here before, ${SLOWDOWN} × CPU slowdown`, false],
    [`signed in, nothing of the page in this browser yet, ${SLOWDOWN} × CPU slowdown`, true],
  ];
  for (const [what, isFirst] of /** @type {[string, boolean][]} */ (kinds)) {
    const values = await repeat(() => timeToChat(context, isFirst));
    results.push({
      what: `from navigation to the chat shown, ${what}`,
      unit: 'ms',
      mark: 500,
      values,
    });
  }
  const frames = [];
  const nodes = [];
  for (let run = 0; run < RUNS; run += 1) {
    const { longest, most } = await scrollBack(page, run);
    frames.push(longest);
    nodes.push(most);
  }
  results.push({
    what: `the longest task of the main thread while ${MESSAGES.toLocaleString('en')} messages are scrolled through`,
    unit: 'ms',
    mark: 50,
    values: frames,
  });
  results.push({
    what: 'message nodes at most while scrolling',
    unit: '',
    mark: 300,
    values: nodes,
  });
  const keys = await repeat(() => keysWhileBusy(page));
  results.push({
    what: `from a key press to its paint (median of ${KEYS}), ${ARRIVING_PER_S} messages a second arriving`,
    unit: 'ms',
    mark: 50,
    values: keys,
  });
} finally {
  await browser.close();
  await server.stop();
}

const table = [
  '| | median | least | most | mark |',
  '|---|---|---|---|---|',
  ...results.map(({ what, unit, mark, values }) => {
    const sorted = [...values].sort((a, b) => a - b);
    const told = (/** @type {number} */ value) => `${Math.round(value * 10) / 10} ${unit}`.trim();
    return `| ${what} | ${told(sorted[Math.floor(sorted.length / 2)])} | ${told(sorted[0])} | ${told(sorted.at(-1) ?? 0)} | ≤ ${mark} ${unit} |`;
  }),
].join('\n');
console.log(table);
console.log(JSON.stringify({ runs: RUNS, results }));
if (process.argv[2]) {
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}`;
  await writeFile(
    process.argv[2],
    `# The page's speed\n\nWritten by \`node web/e2e/speed.mjs bench/PAGE.md\` on ${machine}, headless Chromium and the server on the same machine, ${RUNS} runs.\n\n${table}\n`,
  );
}

/** @param {() => Promise<number>} run */
async function repeat(run) {
  const values = [];
  for (let at = 0; at < RUNS; at += 1) values.push(await run());
  return values;
}

/**
 * Says many messages over a socket of the page's session, with 60 under way.
 * @param {Page} page
 * @param {number} count
 */
function fill(page, count) {
  return page.evaluate(
    (many) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://${location.host}/ws`);
        let sent = 0;
        let acked = 0;
        const next = () =>
          socket.send(
            JSON.stringify({
              type: 'send',
              room: 'lobby',
              text: `message ${sent} of many, with **some** words`,
              nonce: `f${sent++}`,
            }),
          );
        socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', version: 1 }));
        socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
        socket.onmessage = ({ data }) => {
          if (data.startsWith('{"type":"welcome"')) while (sent < Math.min(60, many)) next();
          if (!data.startsWith('{"type":"ack"')) return;
          acked += 1;
          if (acked === many) {
            socket.onclose = null;
            socket.close();
            resolve(undefined);
          } else if (sent < many) next();
        };
      }),
    count,
  );
}

/**
 * @param {import('playwright-core').BrowserContext} context
 * @param {boolean} isFirst whether the browser is made to know nothing of the page
 */
async function timeToChat(context, isFirst) {
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.setCacheDisabled', { cacheDisabled: isFirst });
  await session.send('Network.setBypassServiceWorker', { bypass: isFirst });
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWDOWN });
  await page.addInitScript((forget) => {
    if (forget) localStorage.removeItem('known');
    const look = () => {
      if (document.querySelector('.timeline[aria-busy="false"] .message')) {
        requestAnimationFrame(() =>
          setTimeout(() => {
            /** @type {any} */ (window).shownAt = performance.now();
          }),
        );
      } else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, isFirst);
  await page.goto(server.url);
  await page.waitForFunction(() => /** @type {any} */ (window).shownAt !== undefined);
  const shownAt = await page.evaluate(() => /** @type {any} */ (window).shownAt);
  await page.close();
  return shownAt;
}

/**
 * Runs something under Chromium's tracing.
 * @param {Page} page
 * @param {() => Promise<void>} run
 * @returns {Promise<any[]>} the events of the page's main thread
 */
async function traced(page, run) {
  const session = await page.context().newCDPSession(page);
  /** @type {any[]} */ const events = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: {
      includedCategories: [
        'toplevel',
        'devtools.timeline',
        'disabled-by-default-devtools.timeline',
      ],
    },
  });
  await page.evaluate(() => performance.mark('ours'));
  await run();
  await session.send('Tracing.end');
  await complete;
  await session.detach();
  // The renderer whose frame is the page's own.
  const main = events.filter(
    (event) => event.name === 'thread_name' && event.args?.name === 'CrRendererMain',
  );
  const busiest = main
    .map(({ pid, tid }) => events.filter((event) => event.pid === pid && event.tid === tid))
    .sort((a, b) => b.length - a.length);
  return busiest[0] ?? [];
}

/** Scrolls up as fast as a wheel goes, page after page. @param {Page} page @param {number} run */
async function scrollBack(page, run) {
  const log = page.locator('.timeline');
  await page.keyboard.press('Escape');
  if (run === 0) {
    await log.evaluate((node) => {
      node.scrollTop = node.scrollHeight;
    });
  }
  let most = 0;
  const box = await log.boundingBox();
  await page.mouse.move((box?.x ?? 0) + 300, (box?.y ?? 0) + 300);
  const events = await traced(page, async () => {
    const until = Date.now() + SCROLL_MS;
    while (Date.now() < until) {
      await page.mouse.wheel(0, -1200);
      await page.waitForTimeout(16);
      most = Math.max(most, await page.locator('.messages > li').count());
    }
  });
  const tasks = events
    .filter(
      (event) =>
        event.ph === 'X' &&
        (event.name === 'RunTask' || event.name === 'ThreadControllerImpl::RunTask'),
    )
    .map((event) => (event.dur ?? 0) / 1000);
  if (tasks.length === 0) throw new Error('The trace has no tasks.');
  return { longest: Math.max(...tasks), most };
}

/** @param {Page} page */
async function keysWhileBusy(page) {
  const sender = await page.context().newPage();
  await sender.goto(`${server.url}/healthz`);
  await page.bringToFront();
  await page.keyboard.press('Escape');
  await page
    .getByRole('button', { name: /Jump to latest|new message/u })
    .click({ timeout: 2_000 })
    .catch(() => {});
  await page.locator('#message').fill('');
  const arriving = sender.evaluate(
    (perSecond) =>
      new Promise((resolve) => {
        const socket = new WebSocket(`ws://${location.host}/ws`);
        let sent = 0;
        socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', version: 1 }));
        socket.onmessage = ({ data }) => {
          if (!data.startsWith('{"type":"welcome"')) return;
          const from = performance.now();
          const timer = setInterval(() => {
            const due = Math.floor(((performance.now() - from) / 1000) * perSecond);
            while (sent < due) {
              socket.send(
                JSON.stringify({
                  type: 'send',
                  room: 'lobby',
                  text: `busy ${sent}`,
                  nonce: `b${Math.random()}${sent++}`,
                }),
              );
            }
            if (performance.now() - from > 8_000) {
              clearInterval(timer);
              socket.close();
              resolve(sent);
            }
          }, 10);
        };
      }),
    ARRIVING_PER_S,
  );
  await page.waitForTimeout(500);
  const before = await page.locator('.message').last().textContent();
  const events = await traced(page, async () => {
    for (let at = 0; at < KEYS; at += 1) {
      await page.keyboard.press('x');
      await page.waitForTimeout(100);
    }
  });
  const after = await page.locator('.message').last().textContent();
  if (before === after) throw new Error('Nothing arrived meanwhile.');
  await arriving;
  await sender.close();
  await page.locator('#message').fill('');
  const keys = events
    .filter((event) => event.name === 'EventTiming' && event.args?.data?.type === 'keydown')
    .map((event) => event.args.data.duration);
  if (keys.length < KEYS / 2) throw new Error(`The trace has ${keys.length} key presses.`);
  return keys.sort((a, b) => a - b)[Math.floor(keys.length / 2)];
}
