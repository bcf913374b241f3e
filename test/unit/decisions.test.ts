import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { DECISIONS, decisionRecords } from '../support/decisions.ts';

const PARTS = ['Symptom', 'Rule', 'Enforced in', 'Fails without it'];
const RECORDS = decisionRecords();
const ALL = RECORDS.map((record) => [record.file, record] as const);

/** Its parts by their headings, in their order. */
function partsOf(text: string): Map<string, string> {
  const [, ...parts] = text.split(/^## /m);
  return new Map(parts.map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n')).trim()]));
}

/** What each point of a list names: a file as a link, and what is said of it. */
function points(list: string): { readonly path: string; readonly link: string; readonly said: string }[] {
  return list.split('\n').map((line) => {
    const [, path = '', link = '', said = ''] = /^- \[`([^`]+)`\]\(([^)]+)\): (.+)$/.exec(line) ?? [];
    expect(path, `"${line}" names no file and what it does`).not.toBe('');
    return { path, link, said };
  });
}

test('each record has a number of its own', () => {
  const numbers = RECORDS.map(({ file }) => Number(file.slice(0, 4)));
  expect(new Set(numbers).size).toBe(RECORDS.length);
  expect(readdirSync(DECISIONS).length).toBe(RECORDS.length + 1);
});

test.each(ALL)('%s has a title and its four parts, and is short', (_, { title, text }) => {
  expect(title).not.toBe('');
  const parts = partsOf(text);
  expect([...parts.keys()]).toEqual(PARTS);
  expect([...parts.values()]).not.toContain('');
  expect(text.split('\n').length).toBeLessThanOrEqual(35);
});

test.each(ALL)('%s names files and tests that exist', (_, { text }) => {
  const parts = partsOf(text);
  const enforced = points(parts.get('Enforced in') ?? '');
  const proved = points(parts.get('Fails without it') ?? '');
  for (const { path, link } of [...enforced, ...proved]) {
    expect(resolve(DECISIONS, link)).toBe(resolve(path));
    expect(existsSync(path), `${path} does not exist`).toBe(true);
  }
  expect(enforced.map(({ path }) => path.split('/')[0])).toEqual(enforced.map(() => 'src'));
  for (const { path, said } of proved) {
    const title = said.replace(/^“(.+)”$/, '$1');
    expect(readFileSync(path, 'utf8').replaceAll("\\'", "'"), `${path} has no such test`).toContain(title);
  }
});
