// The parts that the browser tests share: a server with a data directory of its own, a browser,
// people in it, and a bot.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const here = path.dirname(fileURLToPath(import.meta.url));
const START_MS_MAX = 30_000;
export const PASSWORD = 'correct horse battery';

/**
 * A program of ours: the one that `variable` names, else what cargo built.
 * @param {string} variable
 * @param {string} name within cargo's folder of a profile
 */
export function binary(variable, name) {
  const named = process.env[variable];
  const candidates = named
    ? [path.resolve(named)]
    : ['debug', 'release'].map((profile) => path.resolve(here, '../../target', profile, name));
  const found = candidates.find((file) => existsSync(file));
  if (!found) {
    throw new Error(
      `There is no ${candidates.join(' and no ')}. Run \`cargo xtask test build\`, or name one in ${variable}.`,
    );
  }
  return found;
}

/** @param {import('node:child_process').ChildProcess|null} child */
async function kill(child) {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

/**
 * On MongoDB's wire (CHAT_TEST_STORE=mongo): flags for a database of a FerretDB that ends with this
 * process.
 * @returns {Promise<string[]>}
 */
async function storeFlags() {
  if (process.env.CHAT_TEST_STORE !== 'mongo') return [];
  ferretDb ??= startFerretDb();
  const name = `chat_test_${randomBytes(8).toString('hex')}`;
  return ['--mongo-url', await ferretDb, '--mongo-database', name];
}

/** @type {Promise<string>|undefined} */ let ferretDb;

function startFerretDb() {
  const program =
    process.env.CHAT_FERRETDB_BIN ?? path.resolve(here, '../../target/tools/ferretdb');
  const child = spawn(program, ['-until-stdin-ends'], { stdio: ['pipe', 'pipe', 'ignore'] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`FerretDB ended with ${code}.`)));
    child.stdout.once('data', (line) => {
      // It ends when its standard input does, and keeps no test from ending.
      for (const part of [child, child.stdin, child.stdout]) /** @type {any} */ (part).unref();
      resolve(String(line).trim());
    });
  });
}

/**
 * Starts a server; `restart` after `kill` keeps its port and its data.
 * @param {string[]} [flags]
 */
export async function startServer(flags = []) {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'chat-e2e-'));
  const store = await storeFlags();
  let port = 0;
  /** @type {import('node:child_process').ChildProcess|null} */ let child = null;
  let said = '';

  async function start() {
    const args = ['--listen', `127.0.0.1:${port}`, '--data-dir', dataDir, ...store, ...flags];
    const started = spawn(binary('CHAT_SERVER_BIN', 'chat-server'), args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, MONGO_URL: undefined },
    });
    child = started;
    port = await new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`The server said no address in time:\n${said}`)),
        START_MS_MAX,
      );
      let told = '';
      const read = (/** @type {Buffer} */ bytes) => {
        said += bytes;
        told += bytes;
        // Colours and field names may stand between the word and the address.
        const line = told
          .split('\n')
          .find((text) => text.includes('listening') && /127\.0\.0\.1:\d+/.test(text));
        if (!line) return;
        clearTimeout(timer);
        resolve(Number(/127\.0\.0\.1:(\d+)/.exec(line)?.[1]));
      };
      started.stderr?.on('data', read);
      started.stdout?.on('data', read);
      started.once('exit', (code) => reject(new Error(`The server ended with ${code}:\n${said}`)));
    });
  }

  try {
    await start();
  } catch (error) {
    await kill(child);
    await rm(dataDir, { recursive: true, force: true });
    throw error;
  }
  return {
    url: `http://127.0.0.1:${port}`,
    kill: () => kill(child),
    restart: start,
    log: () => said,
    async stop() {
      await kill(child);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/**
 * The SDK's example bot. It makes its own account.
 * @param {string} url
 * @param {string} name
 */
export function startEchoBot(url, name) {
  const env = { ...process.env, CHAT_SERVER: url, CHAT_USER: name, CHAT_PASSWORD: PASSWORD };
  const child = spawn(binary('CHAT_ECHO_BOT_BIN', 'examples/echo_bot'), {
    stdio: ['ignore', 'ignore', 'pipe'],
    env,
  });
  let said = '';
  child.stderr.on('data', (bytes) => {
    said += bytes;
  });
  return {
    log: () => said,
    runs: () => child.exitCode === null && child.signalCode === null,
    stop: () => kill(child),
  };
}

export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM_BIN ?? '/usr/bin/chromium',
    headless: true,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/**
 * Opens the server's page in a fresh browser profile, which notes dialogs, errors and violations of
 * the security policy.
 * @param {import('playwright-core').Browser} browser
 * @param {string} url
 * @param {any} [options]
 */
export async function openPage(browser, url, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    colorScheme: 'dark',
    locale: 'en-GB',
    ...options,
  });
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
  page.setDefaultTimeout(15_000);
  await page.goto(url);
  return { context, page, faults };
}

/** @param {import('playwright-core').Page} page @param {string} name */
export async function signUp(page, name) {
  await page.getByRole('tab', { name: 'Sign up' }).click();
  await page.getByLabel('Username').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.locator('.chat-page .timeline[aria-busy="false"]').waitFor();
}

/** @param {import('playwright-core').Page} page @param {string} name @param {string} [password] */
export async function logIn(page, name, password = PASSWORD) {
  await page.getByLabel('Username').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Types and presses Enter. @param {import('playwright-core').Page} page @param {string} text */
export async function say(page, text) {
  await page.locator('#message').fill(text);
  await page.locator('#message').press('Enter');
}

/**
 * Sends over a socket of the page's own session, which is quicker than typing. Resolves when every
 * ack has come.
 * @param {import('playwright-core').Page} page
 * @param {string[]} texts
 */
export function sayMany(page, texts) {
  return page.evaluate(
    (list) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://${location.host}/ws`);
        const next = () =>
          list.length
            ? socket.send(
                JSON.stringify({
                  type: 'send',
                  room: 'lobby',
                  text: list[0],
                  nonce: `n-${Math.random().toString(36).slice(2)}`,
                }),
              )
            : (socket.close(), resolve(undefined));
        socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', version: 1 }));
        socket.onmessage = ({ data }) => {
          const frame = JSON.parse(data);
          if (frame.type === 'error' && frame.retry_after_ms) {
            setTimeout(next, frame.retry_after_ms);
          } else if (frame.type === 'error') reject(new Error(data));
          else if (frame.type === 'ack') {
            list.shift();
            next();
          } else if (frame.type === 'welcome') next();
        };
        socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
      }),
    [...texts],
  );
}

/**
 * Gives commands over a socket of the page's session, one behind the other.
 * @param {import('playwright-core').Page} page
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
 * The texts on the page, oldest first.
 * @param {import('playwright-core').Page} page
 * @returns {Promise<string[]>}
 */
export function textsOf(page) {
  return page.locator('.message .text').allTextContents();
}

/**
 * Waits until a message stands on the page as stored.
 * @param {import('playwright-core').Page} page
 * @param {string} text
 */
export function shown(page, text) {
  return page
    .locator('.message:not(.waiting):not(.failed) .text')
    .getByText(text, { exact: true })
    .first()
    .waitFor({ state: 'attached' });
}
