// An admin makes an invite link, and a newcomer signs up by it: on our page and on the demo's.
// Another link gives somebody a new password.

import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { fillSignUp, give, isReady, makeAccount, openAs, openPage, say } from './harness.js';
import { PASSWORD, startServer } from './programs.js';
import { browser } from './story.js';

const demoPage = path.join(path.dirname(fileURLToPath(import.meta.url)), 'demo-page');
const BY_INVITE = ['--registration', 'invite'];

/**
 * The link that an admin makes.
 * @param {import('playwright-core').Page} page
 * @param {string} text the command
 */
async function linkBy(page, text = '/invite-link') {
  const shown = page.waitForEvent('dialog');
  const command = say(page, text);
  const dialog = await shown;
  const link = dialog.defaultValue();
  await command;
  return link;
}

test('a newcomer opens a link and signs up', { timeout: 300_000 }, async () => {
  const server = await startServer(BY_INVITE);
  try {
    const { page: admin } = await openAs(browser, server.url, 'root');
    const link = await linkBy(admin);
    assert.match(link, /^http:\/\/127\.0\.0\.1:\d+\/join\/[0-9a-f]{32}$/u);
    const { page: stranger } = await openPage(browser, server.url);
    await stranger.getByRole('tab', { name: 'Sign up' }).click();
    await fillSignUp(stranger, 'stranger');
    await stranger.getByText('You need an invite to sign up').waitFor();
    const { page: ann } = await openPage(browser, link);
    await ann.getByRole('tab', { name: 'Sign up', selected: true }).waitFor();
    await fillSignUp(ann, 'ann');
    await isReady(ann);
    // The link is for one person.
    const { page: late } = await openPage(browser, link);
    await late.getByText('used as often as it can be').waitFor();
  } finally {
    await server.stop();
  }
});

test('the page of the demo signs up by a link too', { timeout: 300_000 }, async () => {
  const server = await startServer([...BY_INVITE, '--web-dir', demoPage]);
  try {
    const link = server.url + (await pathOverSocket(server.url));
    const { page } = await openPage(browser, link);
    await page.getByLabel('Username').fill('ann');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Register' }).click();
    await page.getByText('Account created').waitFor();
  } finally {
    await server.stop();
  }
});

test('a link opens a form for a new password', { timeout: 300_000 }, async () => {
  const server = await startServer();
  try {
    const { page: admin } = await openAs(browser, server.url, 'root');
    const { context: bob } = await openAs(browser, server.url, 'bob');
    await bob.close();
    const link = await linkBy(admin, '/reset-link bob');
    const { context, page } = await openPage(browser, link, { javaScriptEnabled: false });
    await page.getByLabel('New password').fill('another horse battery');
    await page.getByRole('button', { name: 'Set password' }).click();
    await page.getByText('Your password is changed').waitFor();
    const signIn = async (/** @type {string} */ password) => {
      const data = { username: 'bob', password };
      return (await context.request.post(`${server.url}/login`, { data })).status();
    };
    assert.equal(await signIn(PASSWORD), 401);
    assert.equal(await signIn('another horse battery'), 200);
  } finally {
    await server.stop();
  }
});

/**
 * The path of an invite link that the server's admin makes over
 * the session of the demo's page.
 * @param {string} url
 * @returns {Promise<string>}
 */
async function pathOverSocket(url) {
  const { context, page } = await openPage(browser, url);
  await makeAccount(context, url, 'root');
  const [link] = await give(page, [{ type: 'invite_link' }]);
  return link.path;
}
