import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { assertConsentPossible, hasConsent } from '../../../../src/cli/common/consent.ts';
import { Misconfigured } from '../../../../src/core/misconfigured.ts';

const signal = new AbortController().signal;

test('without --yes somebody has to be there who can be asked', () => {
  const stdin = new PassThrough();
  expect(() => assertConsentPossible({ options: {}, stdin })).toThrow(Misconfigured);
  expect(() => assertConsentPossible({ options: { yes: true }, stdin })).not.toThrow();
  expect(() =>
    assertConsentPossible({ options: {}, stdin: Object.assign(new PassThrough(), { isTTY: true }) }),
  ).not.toThrow();
});

test.each([
  ['y\n', true],
  ['yes\n', true],
  ['\n', false],
  ['no\n', false],
])('%j is an answer', async (answer, isYes) => {
  const stdin = new PassThrough();
  const asked = hasConsent({ options: {}, stdin, signal }, 'do it?');
  stdin.write(answer);
  expect(await asked).toBe(isYes);
});

test('who has said --yes is not asked', async () => {
  expect(await hasConsent({ options: { yes: true }, stdin: new PassThrough(), signal }, 'do it?')).toBe(true);
});
