import { expect, test } from 'vitest';
import { tierAfter } from '../../../src/core/retry-policy.ts';
import { RETRY } from '../../support/fixtures.ts';

test('the tiers are taken in their order and the last one repeats', () => {
  expect([0, 1, 2, 3, 50].map((hops) => tierAfter(RETRY, hops).name)).toEqual(['5s', '30s', '2m', '2m', '2m']);
});
