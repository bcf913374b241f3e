import { expect, test } from 'vitest';
import type { ReceivedRequest } from '../../src/simulator/request-log.ts';
import { expectAccounted } from '../support/expect-accounted.ts';
import { steppedClock } from './stepped-clock.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const PARTITIONS = 3;
const HOUR_S = 3_600;
const DELAY_MS = 2_000;

/** Parked before the step, while it happens and after it. */
const UNKNOWN = { rules: [{ when: { attempt: 1, share: 0.1 }, answer: { code: 'UNKNOWN_EXCEPTION' } }] };

test.each([
  ['forwards', HOUR_S],
  ['backwards', -HOUR_S],
])('the wall clock is stepped %s by an hour, and back, under load', async (_, seconds) => {
  const clock = await steppedClock();
  const world = await World.create({
    partitions: PARTITIONS,
    profile: { delayMs: 10, ...UNKNOWN },
    settings: { RETRY_DELAYS: `${String(DELAY_MS)}ms`, KAFKA_SESSION_TIMEOUT: '7500ms' },
  });
  const service = await world.start(clock.settings);
  const other = await world.start();
  const assigned = 'notifier_assigned_partitions{tier="main"}';
  const rebalances = async (): Promise<number> => (await other.metric('notifier_rebalances_total')) ?? 0;
  await until(
    'both to have a share',
    async () => ((await other.metric(assigned)) ?? 0) * ((await service.metric(assigned)) ?? 0) > 0,
  );
  const joined = await rebalances();
  const sent = (): number => world.simulator.requests().length;

  const forwards: number[] = [];
  let wrong = 0;
  for (const [round, wrongBy] of [seconds, 0].entries()) {
    await world.writeEverywhere(80, `P${String(round)}`);
    const before = sent();
    await until('requests to flow', () => sent() > before + 60);
    await clock.step(wrongBy);
    if (wrongBy > wrong) forwards.push(Date.now());
    wrong = wrongBy;
    await until('the service to see it', () => {
      const { time } = service.log.at(-1) ?? {};
      return Math.abs(Date.parse(String(time)) - Date.now() - wrongBy * 1_000) < 60_000;
    });
    expect((await service.get('/livez')).status).toBe(200);
    await world.writeEverywhere(20, `Q${String(round)}`);
    await world.settled();
    expect((await service.get('/readyz')).status).toBe(200);
  }
  for (const [first, second] of retried(world)) {
    // What waits when the clock is put forward is due by it.
    if (forwards.some((at) => first.at < at && at < second.at)) continue;
    expect(second.at - first.at).toBeGreaterThanOrEqual(DELAY_MS);
  }

  const { delivered, repeats } = await expectAccounted(world);
  expect(delivered).toHaveLength(world.written.length);
  expect(repeats).toBe(0);
  expect(await rebalances()).toBe(joined);
});

function retried(world: World): [first: ReceivedRequest, second: ReceivedRequest][] {
  const firsts = new Map<string, ReceivedRequest>();
  const pairs = world.simulator.requests().flatMap((request): [ReceivedRequest, ReceivedRequest][] => {
    const first = firsts.get(request.paymentId);
    firsts.set(request.paymentId, request);
    return first === undefined ? [] : [[first, request]];
  });
  expect(pairs.length).toBeGreaterThan(20);
  return pairs;
}
