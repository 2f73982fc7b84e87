// The steps of the browser tests on a page: open it, sign in, write, and read what it shows.

import assert from 'node:assert/strict';
import { PASSWORD } from './programs.js';
import { becomes, until } from './wait.js';

/** @typedef {import('playwright-core').Page} Page */

/** After this, the tools are looked for at another message. */
const TOOL_MS_MAX = 5_000;

/** Messages of `sayMany` without an ack. The server stops reading past 64 commands. */
const IN_FLIGHT_MAX = 32;

/** For how long Playwright waits for an element. Like every limit here it only ends a dead test. */
const ELEMENT_MS_MAX = 30_000;

/** By this factor the browser's CPU is slowed down, to find tests that depend on its speed. */
const SLOWDOWN = Number(process.env.CHAT_E2E_SLOWDOWN ?? 1);

/**
 * Opens the server's page in a fresh browser profile, which notes dialogs, errors and violations of
 * the security policy.
 * @param {import('playwright-core').Browser} browser
 * @param {string} url
 * @param {any} [options]
 */
export async function openPage(browser, url, options = {}) {
  return openIn(await newProfile(browser, options), url);
}

/**
 * Opens the page as somebody whose account and session are made over HTTP, which is quicker than
 * the form.
 * @param {import('playwright-core').Browser} browser
 * @param {string} url
 * @param {string} username
 * @param {any} [options]
 */
export async function openAs(browser, url, username, options = {}) {
  const context = await newProfile(browser, options);
  await makeAccount(context, url, username);
  const opened = await openIn(context, url);
  await isReady(opened.page);
  return opened;
}

/**
 * Makes an account and signs a browser's profile in to it.
 * @param {import('playwright-core').BrowserContext} context
 * @param {string} url
 * @param {string} username
 */
export async function makeAccount(context, url, username) {
  for (const path of ['/register', '/login']) {
    const data = { username, password: PASSWORD };
    const answer = await context.request.post(url + path, { data });
    assert.ok(answer.ok(), `${path} as ${username}: ${answer.status()}`);
  }
}

/** @param {import('playwright-core').Browser} browser @param {any} options */
function newProfile(browser, options) {
  return browser.newContext({
    viewport: { width: 1280, height: 800 },
    colorScheme: 'dark',
    locale: 'en-GB',
    reducedMotion: 'reduce',
    ...options,
  });
}

/** @param {import('playwright-core').BrowserContext} context @param {string} url */
async function openIn(context, url) {
  const page = await context.newPage();
  /** @type {string[]} */ const faults = [];
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (/Content.Security.Policy/i.test(message.text())) faults.push(message.text());
  });
  page.setDefaultTimeout(ELEMENT_MS_MAX * SLOWDOWN);
  if (SLOWDOWN > 1) {
    const session = await context.newCDPSession(page);
    await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWDOWN });
  }
  await page.goto(url);
  return { context, page, faults };
}

/** @param {Page} page @param {string} name */
export async function signUp(page, name) {
  await page.getByRole('tab', { name: 'Sign up' }).click();
  await fillSignUp(page, name);
  await isReady(page);
}

/** Fills the form for a new account, and sends it. @param {Page} page @param {string} name */
export async function fillSignUp(page, name) {
  await page.getByLabel('Username').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();
}

/** @param {Page} page @param {string} name @param {string} [password] */
export async function signIn(page, name, password = PASSWORD) {
  await page.getByLabel('Username').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Types and presses Enter. @param {Page} page @param {string} text */
export async function say(page, text) {
  await page.locator('#message').fill(text);
  await page.locator('#message').press('Enter');
}

/**
 * Sends to the lobby over a socket of the page's own session, which is quicker than typing.
 * Resolves when every ack has come.
 * @param {Page} page
 * @param {string[]} texts
 */
export function sayMany(page, texts) {
  return page.evaluate(
    ({ list, inFlight }) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://${location.host}/ws`);
        let sent = 0;
        let stored = 0;
        const send = () => {
          if (sent === list.length) return;
          const nonce = `n-${Math.random().toString(36).slice(2)}`;
          const frame = { type: 'send', room: 'lobby', text: list[sent], nonce };
          socket.send(JSON.stringify(frame));
          sent += 1;
        };
        socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', version: 1 }));
        socket.onmessage = ({ data }) => {
          const frame = JSON.parse(data);
          if (frame.type === 'error') reject(new Error(data));
          if (frame.type === 'welcome') for (let at = 0; at < inFlight; at += 1) send();
          if (frame.type !== 'ack') return;
          stored += 1;
          send();
          if (stored < list.length) return;
          resolve(undefined);
          socket.close();
        };
        socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
      }),
    { list: texts, inFlight: IN_FLIGHT_MAX },
  );
}

/**
 * Gives commands over a socket of the page's session, one behind the other.
 * @param {Page} page
 * @param {any[]} commands
 * @returns {Promise<any[]>} the answers, errors among them
 */
export function give(page, commands) {
  return page.evaluate(
    (list) =>
      new Promise((resolve, reject) => {
        /** @type {any[]} */ const answers = [];
        const socket = new WebSocket(`ws://${location.host}/ws`);
        const next = () =>
          answers.length < list.length
            ? socket.send(JSON.stringify({ ...list[answers.length], id: String(answers.length) }))
            : (socket.close(), resolve(answers));
        socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', version: 1 }));
        socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
        socket.onmessage = ({ data }) => {
          const frame = JSON.parse(data);
          if (frame.type === 'welcome') return next();
          if (frame.re !== String(answers.length)) return;
          answers.push(frame);
          next();
        };
      }),
    commands,
  );
}

/**
 * The `welcome` frame that a fresh connection of the page's session gets. The connection has ended
 * when it resolves, so that a test may ask again and again without being over the server's limit.
 * @param {Page} page
 * @returns {Promise<any>}
 */
export function welcomeOf(page) {
  return page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://${location.host}/ws`);
        /** @type {any} */ let welcome = null;
        socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', version: 1 }));
        socket.onmessage = ({ data }) => {
          welcome ??= JSON.parse(data);
          socket.close();
        };
        socket.onclose = ({ code }) => {
          if (welcome?.type === 'welcome') resolve(welcome);
          else reject(new Error(`closed with ${code}: ${JSON.stringify(welcome)}`));
        };
      }),
  );
}

/**
 * The room as the server describes it to the page's user.
 * @param {Page} page
 * @param {string} [name] of the room, or of the other person in a direct room
 */
export async function roomOf(page, name = 'lobby') {
  const { rooms } = await welcomeOf(page);
  return rooms.find((/** @type {any} */ one) => one.room === name || one.with === name);
}

/**
 * Waits until the server has so many unread messages of a room for the page's user.
 * @param {Page} page
 * @param {number} count
 * @param {string} [name] of the room, or of the other person in a direct room
 */
export const hasUnread = (page, count, name) =>
  becomes(async () => (await roomOf(page, name)).unread, count, 'unread messages');

/** Waits until the page is ready to be written in. @param {Page} page */
export const isReady = (page) => page.locator('.chat-page .timeline[aria-busy="false"]').waitFor();

/**
 * Opens the page in a second tab of a profile. A tab behind another one takes seconds for each
 * click, so bring it to the front before it is used.
 * @param {Page} page
 * @param {string} url
 */
export async function openTab(page, url) {
  const tab = await page.context().newPage();
  tab.setDefaultTimeout(ELEMENT_MS_MAX * SLOWDOWN);
  await tab.goto(url);
  await isReady(tab);
  return tab;
}

/** Lets pages connect again at once instead of at their next try. @param {...Page} pages */
export async function reconnect(...pages) {
  for (const page of pages) await page.evaluate(() => dispatchEvent(new Event('online')));
}

/**
 * Waits until the page shows so many messages of its user and every one is stored. Without the
 * number a page would do that has not drawn the last one yet.
 * @param {Page} page
 * @param {number} count
 */
export const allAreStored = (page, count) =>
  becomes(
    async () => [
      await page.locator('.message.mine').count(),
      await page.locator('.message.waiting').count(),
    ],
    [count, 0],
    'own messages, and those that wait to be stored',
  );

/**
 * Waits until no dialog is left and the focus is back where it was. A dialog that closes is hidden
 * first, and moves the focus when it is removed.
 * @param {Page} page
 */
export const dialogIsClosed = (page) =>
  becomes(() => page.locator('dialog').count(), 0, 'dialogs that are left');

/** Waits until what is typed goes into the field. @param {Page} page */
export const fieldHasFocus = (page) =>
  becomes(
    () => page.evaluate(() => document.activeElement?.id ?? ''),
    'message',
    'what has the focus',
  );

/**
 * Uses a tool of a message, which has tools once it is stored. Something that comes to the room
 * meanwhile moves the rows below the pointer, and the tools with them, so it tries again.
 * @param {Page} page
 * @param {import('playwright-core').Locator} message
 * @param {string} name
 */
export async function useTool(page, message, name) {
  const tool = message.getByRole('button', { name, exact: true });
  const isTouch = await page.evaluate(() => matchMedia('(pointer: coarse)').matches);
  const press = (
    /** @type {import('playwright-core').Locator} */ target,
    /** @type {{timeout?: number}} */ options = {},
  ) => (isTouch ? target.tap(options) : target.click(options));
  await message.and(page.locator('[data-seq]')).waitFor();
  await until(async () => {
    if (!(await tool.isVisible())) await press(message.locator('.meta'));
    await press(tool, { timeout: TOOL_MS_MAX });
    return true;
  }, `the tool ${name} can be pressed`);
}

/** Waits until the field holds this text. @param {Page} page @param {string} text */
export const fieldHolds = (page, text) =>
  becomes(() => page.locator('#message').inputValue(), text, 'the text in the field');

/**
 * Waits until the page shows these messages and no others.
 * @param {Page} page
 * @param {string[]} texts
 */
export const showsTexts = (page, texts) => becomes(() => textsOf(page), texts);

/**
 * The texts on the page, oldest first.
 * @param {Page} page
 * @returns {Promise<string[]>}
 */
export function textsOf(page) {
  return page.locator('.message .text').allTextContents();
}

/**
 * Waits until the page shows a message as stored.
 * @param {Page} page
 * @param {string} text
 */
export function shown(page, text) {
  return page
    .locator('.message:not(.waiting):not(.failed) .text')
    .getByText(text, { exact: true })
    .first()
    .waitFor({ state: 'attached' });
}
