// The terminal client in tmux: a server of tmux of its own, a home of its own.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { PASSWORD, binary } from './programs.js';

const run = promisify(execFile);
const SEEN_MS_MAX = 30_000;
const LOOK_EVERY_MS = 50;

/**
 * Starts chat-tui in a terminal of this size.
 * @param {string} url
 * @param {{columns?: number, rows?: number, zone?: string}} [options]
 */
export async function startTerminal(url, { columns = 120, rows = 40, zone = 'UTC' } = {}) {
  const client = binary('CHAT_TUI_BIN', 'chat-tui');
  const home = await mkdtemp(path.join(tmpdir(), 'chat-e2e-'));
  const config = path.join(home, 'tmux.conf');
  await writeFile(
    config,
    'set -g status off\nset -g default-terminal tmux-256color\nset -sg escape-time 0\n',
  );
  const env = { ...process.env, TMUX: undefined };
  const tmux = async (/** @type {string[]} */ ...args) =>
    (await run('tmux', ['-S', path.join(home, 'socket'), '-f', config, ...args], { env })).stdout;

  async function stop() {
    await tmux('kill-server').catch(() => {});
    await rm(home, { recursive: true, force: true });
  }

  const terminal = {
    stop,
    screen: () => tmux('capture-pane', '-p'),
    /** The screen with its colours as escape sequences, and where the cursor is. */
    async picture() {
      const [x, y] = (await tmux('display-message', '-p', '#{cursor_x} #{cursor_y}'))
        .split(' ')
        .map(Number);
      return { ansi: await tmux('capture-pane', '-p', '-e', '-N'), columns, cursor: { x, y } };
    },
    /** @param {...string} keys */
    keys: (...keys) => tmux('send-keys', ...keys),
    /** @param {string} text */
    write: (text) => tmux('send-keys', '-l', text),
    /** Types and presses Enter. @param {string} text */
    async say(text) {
      await terminal.write(text);
      await terminal.keys('Enter');
    },
    /** @param {string} text */
    async see(text) {
      const until = Date.now() + SEEN_MS_MAX;
      for (let screen = ''; !screen.includes(text);) {
        if (Date.now() > until) {
          throw new Error(`${JSON.stringify(text)} is not seen in the terminal:\n${screen}`);
        }
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
        screen = await terminal.screen();
      }
    },
    /** On the client's first screen. @param {string} name */
    async signUp(name) {
      await terminal.see('Sign in');
      await terminal.keys('F2');
      await terminal.write(name);
      await terminal.keys('Tab');
      await terminal.say(PASSWORD);
      await terminal.see('connected');
    },
  };
  try {
    const variables = {
      PATH: process.env.PATH,
      HOME: home,
      XDG_STATE_HOME: path.join(home, 'state'),
      XDG_CONFIG_HOME: path.join(home, 'config'),
      XDG_DATA_HOME: path.join(home, 'data'),
      LANG: 'C.UTF-8',
      TERM: 'tmux-256color',
      TZ: zone,
    };
    await tmux(
      'new-session',
      '-d',
      '-x',
      String(columns),
      '-y',
      String(rows),
      'env',
      '-i',
      ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
      client,
      '--server',
      url,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return terminal;
}

/**
 * The messages on a screen of chat-tui, oldest first, as `name: text`. Rows that continue a message
 * are joined to it. A message that waits ends with ` …`, so it differs from the same message when
 * stored. Throws where the oldest messages have been pushed off the top.
 * @param {string} screen
 */
export function linesOnScreen(screen) {
  const rows = screen.split('\n');
  const status = rows.findIndex((row) => /^── (connect|reconnect|disconnect)/.test(row));
  // Above the status, below the title, left of the people.
  const timeline = rows.slice(1, status).map((row) => row.replace(/ │.*$/, '').trimEnd());
  if (!timeline.some((row) => /^─+ .*\d{4} ─+$/.test(row))) {
    throw new Error(`The first line of the log is not on the screen:\n${screen}`);
  }
  /** @type {string[]} */ const lines = [];
  let open = false;
  for (const row of timeline) {
    const message = /^\d\d:\d\d (\S+?)(?: \[bot\])?: (.*)$/.exec(row);
    if (message) lines.push(`${message[1]}: ${message[2]}`);
    else if (open && /^ {6}/.test(row)) lines[lines.length - 1] += ` ${row.trim()}`;
    open = message !== null || (open && /^ {6}/.test(row));
  }
  return lines;
}
