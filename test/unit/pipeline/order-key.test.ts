import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { keyText, orderKey } from '../../../src/pipeline/order-key.ts';

test('a key of up to 64 bytes is kept as it is, a longer one as its SHA-256 in base64', () => {
  expect(keyText(Buffer.alloc(64, 'k'))).toBe(`key ${'k'.repeat(64)}`);
  const long = Buffer.alloc(65, 'k');
  expect(keyText(long)).toBe(`digest ${createHash('sha256').update(long).digest('base64')}`);
});

test('so is the payment where there is no key, of up to 64 characters', () => {
  expect(orderKey(null, 'p'.repeat(64))).toBe(`payment ${'p'.repeat(64)}`);
  expect(orderKey(null, 'p'.repeat(65))).toBe(keyText(Buffer.alloc(65, 'p')));
});
