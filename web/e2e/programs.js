// The programs that the browser tests start: a server with a data directory of its own, a bot and a
// browser.

import { spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const here = path.dirname(fileURLToPath(import.meta.url));
const START_MS_MAX = 60_000;
/**
 * Ports of servers: below those that the system takes for outgoing connections, of which one could
 * have the port while its server is down. Browsers refuse 10080.
 */
const [PORT_MIN, PORT_END] = [11_000, 32_000];
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

/** A port that nothing listens on. @returns {Promise<number>} */
async function freePort() {
  const port = randomInt(PORT_MIN, PORT_END);
  const probe = createServer();
  const isFree = await new Promise((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
  return isFree ? port : freePort();
}

/**
 * Starts a server; `restart` after `kill` keeps its port and its data.
 * @param {string[]} [flags]
 */
export async function startServer(flags = []) {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'chat-e2e-'));
  const store = await storeFlags();
  const port = await freePort();
  /** @type {import('node:child_process').ChildProcess|null} */ let child = null;
  let said = '';

  async function start() {
    const args = ['--listen', `127.0.0.1:${port}`, '--data-dir', dataDir, ...store, ...flags];
    const started = spawn(binary('CHAT_SERVER_BIN', 'chat-server'), args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, MONGO_URL: undefined },
    });
    child = started;
    await new Promise((resolve, reject) => {
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
        resolve(undefined);
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
