import { expect, test } from 'vitest';
import { murmur2, partitionOf } from '../../../src/core/murmur2.ts';
import java from './murmur2-vectors.json' with { type: 'json' };

test.each(java.vectors)("a key gets the partition that Kafka's Java client gives it: $hex", (vector) => {
  const key = Buffer.from(vector.hex, 'hex');
  expect({
    murmur2: murmur2(key),
    partitionOf12: partitionOf(key, 12),
    partitionOf7: partitionOf(key, 7),
  }).toEqual({ murmur2: vector.murmur2, partitionOf12: vector.partitionOf12, partitionOf7: vector.partitionOf7 });
});

test('bytes that begin anywhere in their memory are hashed as they are', () => {
  const key = Buffer.from('20200101234567890130000');
  expect(murmur2(Buffer.concat([Buffer.from('x'), key]).subarray(1))).toBe(murmur2(key));
});
