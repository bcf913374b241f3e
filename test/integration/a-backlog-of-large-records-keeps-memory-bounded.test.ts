import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { sampleEvent } from '../../src/cli/sample-events.ts';
import { expectAccounted } from '../support/expect-accounted.ts';
import { avroBytes, framed, register } from '../support/schemas.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const PARTITIONS = 4;
const EACH = 30;
const RECORD_BYTES = 900 * 1_024;
const BACKLOG_MB = (PARTITIONS * EACH * RECORD_BYTES) / 1e6;
/** A lane takes records up to 1 MiB and the one that goes past it; the rest is what a fetch and the heap's slack take. */
const MAY_GROW_MB = 50;

const SCHEMA = JSON.parse(readFileSync(new URL('../../schemas/payment-final.avsc', import.meta.url), 'utf8')) as {
  fields: unknown[];
};
const PADDED = { ...SCHEMA, fields: [...SCHEMA.fields, { name: 'padding', type: 'bytes' }] };

test('records of 900 KiB wait in the brokers, not in the process, which has the memory of its image', async () => {
  const world = await World.create({
    partitions: PARTITIONS,
    topicConfig: { 'max.message.bytes': '2000000' },
    profile: { delayMs: 500 },
    settings: { GATEWAY_TIMEOUT: '20s', KAFKA_SESSION_TIMEOUT: '30s' },
  });
  const service = await world.start({ NODE_OPTIONS: '--max-old-space-size=384' });
  await world.write(0, ['first']);
  await world.settled();
  const before = await peakMb(service.pid);

  const id = await register(`${world.source}-padded`, PADDED);
  const padding = Buffer.alloc(RECORD_BYTES, 'x');
  for (let number = 0; number < EACH; number += 1) {
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      const paymentId = `P-${String(partition)}-${String(number)}`;
      const value = framed(id, avroBytes(PADDED, { ...sampleEvent(paymentId, true), padding }));
      await world.writeRaw(partition, [{ paymentId, key: paymentId, value }]);
    }
  }
  const sent = (): number => world.simulator.requests().length;
  const answered = sent();
  await until('requests of each lane', () => sent() >= answered + PARTITIONS);
  const read = (await service.metric('notifier_records_consumed_total{tier="main"}')) ?? 0;
  expect(read).toBeGreaterThanOrEqual(PARTITIONS);
  expect(read).toBeLessThanOrEqual(sent() + PARTITIONS * 4);

  world.simulator.play({});
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats]).toEqual([PARTITIONS * EACH + 1, 0]);
  expect(service.running).toBe(true);
  expect(MAY_GROW_MB, 'a bound that an unbounded backlog would break').toBeLessThan(BACKLOG_MB / 1.5);
  expect((await peakMb(service.pid)) - before).toBeLessThan(MAY_GROW_MB);
});

/** The most memory the process has ever held. */
async function peakMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1_000;
}
