import { expect, test } from 'vitest';
import { recordName } from '../../../src/core/record.ts';

test('a record is named by topic, partition and offset', () => {
  expect(recordName({ topic: 'payment-final', partition: 3, offset: 42 })).toBe('payment-final:3:42');
});
