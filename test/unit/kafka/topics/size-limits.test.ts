import { expect, test } from 'vitest';
import { tooSmall } from '../../../../src/kafka/topics/size-limits.ts';

test('topics that cannot take the smallest letter are named, each with what to do; what is not known is taken to be well', () => {
  const limits = new Map([
    ['letters', 4_095],
    ['outcomes', 4_096],
    ['unknown', 0],
  ]);
  expect(tooSmall(limits, ['letters', 'outcomes', 'unknown', 'not looked at'])).toEqual([
    'the topic letters takes records of 4095 bytes only: set its max.message.bytes to 4096 at the very least',
  ]);
});
