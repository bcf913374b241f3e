import { readFile } from 'node:fs/promises';
import kafkajs from 'kafkajs';
import { expect, test } from 'vitest';
import { expectAccounted } from '../support/expect-accounted.ts';
import { World } from '../support/world.ts';

const { CompressionTypes } = kafkajs;

const PARTITIONS = 4;
/** Compressed, a thousandth of it: far below what a broker takes of one batch. */
const RECORD = Buffer.alloc(900 * 1_024, 'x');
const BOMB = 200;
/** Just below the bound: taken, a few records at a time. */
const LARGE = 35;
/** What one batch may take at a time, twice for a moment, a lane, and the slack of the heap, which is larger in Node 24. */
const MAY_GROW_MB = 190;

test('its records are, the others around it are delivered, and memory stays what a small pod has', async () => {
  // The gateway of this world stands still while the test compresses.
  const world = await World.create({
    partitions: PARTITIONS,
    topicConfig: { 'max.message.bytes': '1048588' },
    settings: { GATEWAY_TIMEOUT: '20s', KAFKA_SESSION_TIMEOUT: '30s' },
  });
  const service = await world.start({ NODE_OPTIONS: '--max-old-space-size=384' });
  await world.write(0, ['first']);
  await world.settled();
  const before = await peakMb(service.pid);

  const junk = (count: number) => Array.from({ length: count }, () => ({ key: 'junk', value: RECORD }));
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    await world.write(partition, [`good-${partition}-1`]);
    await world.writeRaw(partition, junk(BOMB), CompressionTypes.GZIP);
    await world.write(partition, [`good-${partition}-2`], { compression: CompressionTypes.GZIP });
  }
  await world.writeRaw(0, junk(LARGE), CompressionTypes.GZIP);
  await world.write(0, ['last']);

  const ledger = await expectAccounted(world);
  expect([ledger.delivered.length, ledger.repeats]).toEqual([2 + 2 * PARTITIONS, 0]);
  expect(ledger.deadLettered).toHaveLength(PARTITIONS * BOMB + LARGE);
  const letters = await world.records('dead-letter');
  const reasons = letters.map(({ value, text }) => [text['notifier-dead-letter-reason'], value === null].join());
  expect(count(reasons)).toEqual({ 'too_large,true': PARTITIONS * BOMB, 'undecodable,false': LARGE });
  expect(service.running).toBe(true);
  expect((await peakMb(service.pid)) - before).toBeLessThan(MAY_GROW_MB);
});

function count(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

/** The most memory the process has ever held. */
async function peakMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1_000;
}
