import kafkajs from 'kafkajs';
import { expect, test } from 'vitest';
import { byKey } from '../../../../src/kafka/produce/partitioner.ts';

const partitionMetadata = Array.from({ length: 12 }, (_, partitionId) => {
  return { partitionErrorCode: 0, partitionId, leader: 1, replicas: [1], isr: [1] };
});
const chosen = (key: Buffer | string | null, partition?: number): number =>
  byKey()({
    topic: 'outcomes',
    partitionMetadata,
    message: { key, value: null, ...(partition !== undefined && { partition }) },
  });

test('a key gets the partition that the client library would have chosen', () => {
  const library = kafkajs.Partitioners.DefaultPartitioner();
  for (let number = 0; number < 1_000; number += 1) {
    const message = { key: `payment ${number}`, value: null };
    expect(chosen(message.key)).toBe(library({ topic: 'outcomes', partitionMetadata, message }));
  }
});

test('a partition that is given is kept', () => {
  expect(chosen('payment', 7)).toBe(7);
});

test('a key of any length takes no time: one of 16 MiB is no pause of the process', () => {
  const began = performance.now();
  expect(chosen(Buffer.alloc(16 * 1024 * 1024))).toBeLessThan(12);
  expect(performance.now() - began).toBeLessThan(2_000);
});
