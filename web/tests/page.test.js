import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (/** @type {string} */ file) => readFileSync(path.join(root, file), 'utf8');
const index = read('index.html');
const named = (/** @type {string} */ rel) => [...index.matchAll(new RegExp(`<link rel="${rel}" href="/static/([^"]+)"`, 'gu'))].map((match) => match[1]).sort();

/** The modules that a module loads with itself, and theirs. @param {string[]} start */
function withImports(start) {
  /** @type {Set<string>} */
  const seen = new Set();
  const wait = [...start];
  for (let file = wait.pop(); file; file = wait.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const [, from] of read(file).matchAll(/^(?:import|export) [^;]*?from '([^']+)'/gmu)) wait.push(path.join(path.dirname(file), from));
  }
  return seen;
}

/** @param {string} file */
const lazyOf = (file) => [...read(file).matchAll(/(?<!@[a-z]+ \{[^}]*)import\('(\.[^']+\.js)'\)(?!\.)/gu)].map((match) => path.join(path.dirname(file), match[1]));

const eager = withImports(['js/main.js']);
const lazy = new Set([...withImports([...eager].flatMap(lazyOf))].filter((file) => !eager.has(file)));

test('the index names every module that the page starts with, so that none waits for another', () => {
  assert.deepEqual(named('modulepreload'), [...eager].filter((file) => file !== 'js/main.js').sort());
});

test('the index names what is loaded later, so that it is there when the network is not', () => {
  assert.deepEqual(named('prefetch'), [...lazy].sort());
});

test('no module is left over', () => {
  const files = readdirSync(path.join(root, 'js'), { recursive: true }).map(String).filter((file) => file.endsWith('.js')).map((file) => `js/${file}`);
  assert.deepEqual(files.sort(), [...eager, ...lazy].sort());
});

test('no inline script or style', () => {
  assert.doesNotMatch(index, /<style|style=|\son[a-z]+=|<script(?![^>]*src=)/iu);
});

test('no component is long', () => {
  for (const file of [...eager, ...lazy]) assert.ok(read(file).split('\n').length <= 200, file);
});

test('the manifest names pictures that are there', () => {
  const manifest = JSON.parse(read('manifest.webmanifest'));
  for (const { src } of manifest.icons) assert.ok(readFileSync(path.join(root, src)).length > 0, src);
});
