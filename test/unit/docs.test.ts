import { readFileSync } from 'node:fs';
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
