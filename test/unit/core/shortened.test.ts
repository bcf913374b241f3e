import { expect, test } from 'vitest';
import { shortened } from '../../../src/core/shortened.ts';

test.each([
  ['what fits stays as it is', 'pay-1', 5, 'pay-1'],
  ['what is longer ends in an ellipsis', 'pay-12', 5, 'pay-1…'],
  ['code points count, not their halves', '🙂🙂🙂', 3, '🙂🙂🙂'],
  ['no code point is cut in two', '🙂🙂🙂🙂', 3, '🙂🙂🙂…'],
  ['what is longer only by a half is longer', 'ab🙂c', 3, 'ab🙂…'],
  ['nothing stays nothing', '', 5, ''],
])('%s', (_, text, most, expected) => {
  expect(shortened(text, most)).toBe(expected);
});

test('a field is as long as the interface lets an id be', () => {
  expect(shortened('x'.repeat(64))).toHaveLength(64);
  expect(shortened('x'.repeat(1_000_000))).toBe(`${'x'.repeat(64)}…`);
});
