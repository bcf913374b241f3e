import { expect, test } from 'vitest';
import { expectAccounted } from '../support/expect-accounted.ts';
import { windows, type PacedRequest } from '../support/paced-gateway.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const PARTITIONS = 12;
/** Requests a second. How soon this and others are found, and kept to for good, `property/core/pace.test.ts` proves. */
const CAP = 50;
const ENOUGH_BACKLOG = 300;
/** As long as a window of `windows`, and what rounding takes. */
const WINDOW_MS = 10_001;

test('a gateway that takes 50 a second, then anything, is sent just that', { timeout: 300_000 }, async () => {
  const world = await World.create({ partitions: PARTITIONS, profile: { rateCap: CAP } });
  await topUp(world);
  const service = await world.launch();
  await until('the first request', () => world.simulator.requests().length > 0);

  const begun = performance.now();
  const limits: { atMs: number; limit: number }[] = [];
  await until('ten seconds with at most 5 % refused and over 85 % of the cap used', async () => {
    await topUp(world);
    limits.push({ atMs: performance.now(), limit: await limit(service) });
    const from = performance.now() - WINDOW_MS;
    const [window] = windows(seen(world), from, performance.now());
    if (from < begun || window === undefined) return false;
    // A busy machine sends less than it may: then what it allowed itself must have been enough.
    const used = Math.max(window.acceptedPerSecond, mean(limits.filter(({ atMs }) => atMs >= from)));
    return window.attempted > 0 && window.refusedShare <= 0.05 && used > 0.85 * CAP;
  });

  world.simulator.play({});
  const goneAt = performance.now();
  await until('sending to be at twice that', async () => {
    await topUp(world);
    return (await limit(service)) > 2 * CAP;
  });
  expect(seen(world).filter(({ atMs, refused }) => refused && atMs > goneAt)).toEqual([]);
  const ledger = await expectAccounted(world, 150_000);
  expect(ledger.delivered).toHaveLength(world.written.length);
  expect(ledger.repeats).toBe(0);
});

test('an edge that refuses for the traffic without a signature is sent less, and nothing is held for it', async () => {
  const unsigned = { code: 'REQUEST_TRAFFIC_EXCEED_LIMIT', sign: 'none' } as const;
  const world = await World.create({ partitions: 4, profile: { default: unsigned } });
  for (let partition = 0; partition < 4; partition += 1) {
    await world.write(
      partition,
      Array.from({ length: 15 }, (_, at) => `P${String(partition)}-${String(at)}`),
    );
  }
  const service = await world.start();
  await until('sending to be slowed down', async () => ((await service.metric('notifier_send_rate_limit')) ?? 0) > 0);
  const slowedAt = world.simulator.requests().length;
  await until('more to leave at that pace', () => world.simulator.requests().length >= slowedAt + 4);
  expect(await service.metric('notifier_hold{reason="untrusted_response"}')).toBe(0);
  expect(await service.metric('notifier_hold{reason="outage"}')).toBe(0);
  expect(world.simulator.requests().length).toBeLessThan(24);

  world.simulator.play({});
  const ledger = await expectAccounted(world, 60_000);
  expect(ledger.delivered).toHaveLength(world.written.length);
  expect(service.log.filter(({ event }) => event === 'hold_began')).toEqual([]);
});

function seen({ simulator }: World): PacedRequest[] {
  return simulator.requests().map(({ receivedAtMonotonicMs, answered }) => ({
    atMs: receivedAtMonotonicMs,
    refused: answered === 'U REQUEST_TRAFFIC_EXCEED_LIMIT',
  }));
}

async function topUp(world: World): Promise<void> {
  const waiting = world.written.length - world.simulator.requests().length;
  if (waiting < ENOUGH_BACKLOG) await world.writeEverywhere(25, `P${String(world.written.length)}`);
}

/** The limit in force; infinite where there is none. */
async function limit(service: ServiceProcess): Promise<number> {
  const shown = await service.metric('notifier_send_rate_limit');
  return shown === 0 ? Number.POSITIVE_INFINITY : (shown ?? 0);
}

function mean(limits: readonly { readonly limit: number }[]): number {
  return limits.reduce((sum, { limit }) => sum + limit, 0) / Math.max(1, limits.length);
}
