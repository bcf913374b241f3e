import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { DOCUMENTS, withParts } from '../support/write-docs.ts';

const { reference } = DOCUMENTS;

test.each(Object.values(DOCUMENTS))('$file is what the code says', (document) => {
  const text = readFileSync(document.file, 'utf8');
  expect(text, `${document.file} differs from the code; run: npm run docs`).toBe(withParts(text, document));
});

test('the text around the generated tables stays', () => {
  const document =
    'before\n<!-- generated: settings -->\nSTALE\n<!-- end: settings -->\nbetween\n' +
    '<!-- generated: metrics -->\n<!-- end: metrics -->\n<!-- generated: log events -->\n<!-- end: log events -->\nafter\n';
  const written = withParts(document, reference);
  expect(written).toMatch(/^before\n[^]*\nbetween\n[^]*\nafter\n$/);
  expect(written).not.toContain('STALE');
  expect(withParts(written, reference)).toBe(written);
});

test('a document without its markers says which to put where', () => {
  expect(() => withParts('nothing', reference)).toThrow('put "<!-- generated: settings -->"');
});

test.each([
  ...['README.md', 'src/README.md', 'test/README.md', 'test/guarantees.md', 'test/bench/results.md'],
  ...['docs/decisions/README.md', 'docs/scale.md'],
])('every file that %s links to exists', (file) => {
  const links = [...readFileSync(file, 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = '']) => link);
  expect(links.filter((link) => !existsSync(resolve(dirname(file), link)))).toEqual([]);
});

test('the map in src/README.md names every folder of src', () => {
  const map = readFileSync('src/README.md', 'utf8');
  const folders = readdirSync('src', { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => relative('src', join(entry.parentPath, entry.name)));
  // A folder of patches or sections is told with the folder that it stands in.
  const told = folders.filter((folder) => folder.split('/').length <= (folder.startsWith('kafka/') ? 2 : 1));
  expect(told.filter((folder) => !map.includes(`| \`${folder}/\` |`))).toEqual([]);
});

test('every file that src/README.md names exists', () => {
  const named = [...readFileSync('src/README.md', 'utf8').matchAll(/`([a-z/-]+(?:\.test)?\.ts)`/g)];
  const files = named.map(([, file = '']) => (file.startsWith('test/') ? file : join('src', file)));
  expect(files.length).toBeGreaterThan(0);
  expect(files.filter((file) => !existsSync(file))).toEqual([]);
});

test('the README is short enough to be read', () => {
  expect(readFileSync('README.md', 'utf8').split('\n').length).toBeLessThanOrEqual(200);
});
