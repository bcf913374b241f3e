import { expect, test } from 'vitest';
import { sampleEvent } from '../../src/cli/sample-events.ts';
import type { Fault } from '../chaos/evidence.ts';
import { Gatherer } from '../chaos/gather.ts';
import { judge } from '../chaos/judge.ts';
import { expectAccounted } from '../support/expect-accounted.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const PARTITIONS = 4;
const EVENTS = 200;
const KILLS = 2;
const GATEWAY_TIMEOUT_MS = 500;
const SESSION_TIMEOUT_MS = 6_000;
const KEY_CONCURRENCY = 4;
const BOUND = 2 * KEY_CONCURRENCY;

test('a member killed in the middle loses nothing, and each kill repeats at most what was in flight and on its way to its commit', async () => {
  const ordering = 'key';
  const world = await World.create({
    partitions: PARTITIONS,
    profile: { delayMs: 10, rules: [{ when: { attempt: 1, share: 0.1 }, answer: { code: 'UNKNOWN_EXCEPTION' } }] },
    settings: {
      ORDERING: ordering,
      KEY_CONCURRENCY: String(KEY_CONCURRENCY),
      KAFKA_SESSION_TIMEOUT: `${String(SESSION_TIMEOUT_MS)}ms`,
      GATEWAY_TIMEOUT: `${String(GATEWAY_TIMEOUT_MS)}ms`,
    },
  });
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const ids = Array.from({ length: EVENTS }, (_, at) => `P-${String(partition)}-${String(at)}`);
    const record = (id: string) => ({ paymentId: id, key: id, value: world.encode(sampleEvent(id, true)) });
    await world.writeRaw(
      partition,
      ids.map((id) => ({ ...record(id), headers: { payment: id } })),
    );
  }
  const from = Date.now();
  const faults: Fault[] = [];
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const name = `member-${String(kill)}`;
    const victim = await world.start({ KAFKA_CLIENT_ID: name });
    await until('requests to flow', () => world.simulator.requests().length >= kill * 200);
    const killedFrom = Date.now();
    await victim.end('SIGKILL');
    faults.push({ kind: 'kill', from: killedFrom, to: Date.now(), whom: name });
  }
  await world.start();

  const { delivered } = await expectAccounted(world, undefined, ordering);
  expect(delivered).toHaveLength(PARTITIONS * EVENTS);
  const judgement = judge({
    ...(await new Gatherer(world).look()),
    ...{ ordering, concurrency: KEY_CONCURRENCY, faults, settled: true },
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    gatewayTimeoutMs: GATEWAY_TIMEOUT_MS,
    acknowledged: world.written.map(({ paymentId }) => paymentId),
    load: { from, to: from },
  });
  expect(judgement.violations).toEqual([]);
  expect(judgement.repeats.bound).toBe(BOUND);
  expect(judgement.repeats.most).toBeLessThanOrEqual(BOUND);
});
