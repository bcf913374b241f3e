import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { REFERENCE, withTables } from '../support/write-docs.ts';

test('the reference is what the code says', () => {
  const document = readFileSync(REFERENCE, 'utf8');
  expect(document, 'docs/reference.md differs from the code; run: npm run docs').toBe(withTables(document));
});

test('the text around the generated tables stays', () => {
  const document =
    'before\n<!-- generated: settings -->\nSTALE\n<!-- end: settings -->\nbetween\n' +
    '<!-- generated: metrics -->\n<!-- end: metrics -->\n<!-- generated: log events -->\n<!-- end: log events -->\nafter\n';
  const written = withTables(document);
  expect(written).toMatch(/^before\n[^]*\nbetween\n[^]*\nafter\n$/);
  expect(written).not.toContain('STALE');
  expect(withTables(written)).toBe(written);
});

test('a document without its markers says which to put where', () => {
  expect(() => withTables('nothing')).toThrow('put "<!-- generated: settings -->"');
});
