import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (/** @type {string} */ file) => readFileSync(path.join(root, file), 'utf8');
const index = read('index.html');
/** The modules that a module loads with itself, and theirs. @param {string[]} start */
function withImports(start) {
  /** @type {Set<string>} */
  const seen = new Set();
  const wait = [...start];
  for (let file = wait.pop(); file; file = wait.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const [, from] of read(file).matchAll(/^(?:import|export) [^;]*?from '([^']+)'/gmu)) {
      wait.push(path.join(path.dirname(file), from));
    }
  }
  return seen;
}

/** @param {string} file */
const lazyOf = (file) =>
  [...read(file).matchAll(/(?:=> |await )import\('([^']+)'\)/gu)].map((match) =>
    path.join(path.dirname(file), match[1]),
  );

const eager = withImports(['js/main.js']);
const lazy = new Set(
  [...withImports([...eager].flatMap(lazyOf))].filter((file) => !eager.has(file)),
);

test('modules keep to the forms that the server can join', () => {
  const named = /^import (?:\{[\w\s,]+\}|\* as \w+) from '\.[^']+\.js';$/u;
  for (const file of [...eager, ...lazy]) {
    const source = read(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*/gu, '');
    for (const [statement] of source.matchAll(/^import\b[^;]*;?/gmu)) {
      assert.match(statement, named, file);
    }
    for (const [line] of source.matchAll(/^export\b.*/gmu)) {
      assert.match(line, /^export (?:async function|function|const) \w+/u, file);
    }
    for (const [line] of source.matchAll(/^.*\bimport\(.*$/gmu)) {
      assert.match(line, /(?:=> |await )import\('\.[^']+\.js'\)/u, file);
    }
  }
});

test('what starts the page loads nothing of what comes later by itself', () => {
  assert.ok(eager.size > 30 && lazy.size > 8);
  for (const file of eager) assert.ok(!lazy.has(file));
});

test('no module is left over', () => {
  const files = readdirSync(path.join(root, 'js'), { recursive: true })
    .map(String)
    .filter((file) => file.endsWith('.js'))
    .map((file) => `js/${file}`);
  assert.deepEqual(files.sort(), [...eager, ...lazy].sort());
});

test('no inline script or style', () => {
  assert.doesNotMatch(index, /<style|style=|\son[a-z]+=|<script(?![^>]*src=)/iu);
});

test('the manifest names pictures that are there', () => {
  const manifest = JSON.parse(read('manifest.webmanifest'));
  for (const { src } of manifest.icons) {
    assert.ok(readFileSync(path.join(root, src)).length > 0, src);
  }
});
