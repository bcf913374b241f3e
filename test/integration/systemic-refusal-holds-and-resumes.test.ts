import { beforeAll, expect, test } from 'vitest';
import type { ReceivedRequest } from '../../src/simulator/request-log.ts';
import { held } from '../support/held-reasons.ts';
import { rsaKeyPair, signingKeysFolder } from '../support/keys.ts';
import { keepLedger } from '../support/ledger.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const PARTITIONS = 3;
const SHORTEST_PAUSE_MS = 900;

let world: World;
let service: ServiceProcess;

beforeAll(async () => {
  const [shared, end] = await World.shared({ partitions: PARTITIONS });
  world = shared;
  service = await world.start();
  return end;
});

const SYSTEMIC = [
  { code: 'KEY_NOT_FOUND', sign: 'none' },
  { code: 'INVALID_SIGNATURE', sign: 'none' },
] as const;

test.each(SYSTEMIC)('$code, signed: $sign', async ({ code, sign }) => {
  const alreadySeen = world.simulator.requests().length;
  const standing = await world.committed();
  world.simulator.play({ default: { code, sign }, delayMs: 200 });
  await world.writeEverywhere(4, code);
  const during = (): readonly ReceivedRequest[] => world.simulator.requests().slice(alreadySeen);

  await until('the hold', async () => (await held(service))[code] === 1);
  // In flight when the first refusal came: at most one a lane. What follows are probes.
  await until('the second probe to be answered', () => during().filter(isOver).length >= PARTITIONS + 2);
  const requests = during();
  const firstRefusalAt = Math.min(...requests.map(({ answeredAt = Infinity }) => answeredAt));
  const probes = requests.filter(({ at }) => at > firstRefusalAt);
  expect(requests.length - probes.length).toBeLessThanOrEqual(PARTITIONS);
  probes.slice(1).forEach((probe, before) => {
    expect(probe.at - (probes[before]?.answeredAt ?? Infinity)).toBeGreaterThanOrEqual(SHORTEST_PAUSE_MS);
  });
  expect(new Set(probes.map(({ paymentId }) => paymentId)).size, 'probes go round').toBeGreaterThan(1);
  expect(await world.committed()).toEqual(standing);
  expect(await world.records('retry.1s')).toEqual([]);
  expect(await world.records('dead-letter')).toEqual([]);
  expect((await service.get('/readyz')).status).toBe(200);
  expect((await service.get('/livez')).status).toBe(200);
  expect(await held(service)).toEqual({ [code]: 1 });

  world.simulator.play({});
  await world.settled();
  expect(await held(service)).toEqual({});
  const ledger = await keepLedger(world);
  expect(ledger).toMatchObject({ lost: [], doubled: [], parked: [], uncommitted: [], disorder: [], repeats: 0 });
  expect(ledger.deadLettered).toEqual([]);
  expect(ledger.delivered).toHaveLength(world.written.length);
});

test('each hold was ended by one probe', async () => {
  const ended = await service.metric('notifier_hold_probes_total{result="ended"}');
  expect(ended).toBe(SYSTEMIC.length);
  expect(await service.metric('notifier_hold_probes_total{result="still_held"}')).toBeGreaterThanOrEqual(2 * ended!);
});

test('a key the gateway does not know holds everything, and nothing is lost until the right one is there', async () => {
  const stranger = await World.create({ partitions: 2 });
  await stranger.writeEverywhere(5);
  const keys = signingKeysFolder({ 1: rsaKeyPair('stranger').privateKey });
  const wrong = await stranger.start({ SIGNING_KEYS_DIR: keys });
  await until('the hold', async () => (await held(wrong))['INVALID_SIGNATURE'] === 1);
  await until('a probe', () => stranger.simulator.requests().filter(isOver).length >= 3);
  expect(stranger.simulator.requests().map(({ verification }) => verification)).toEqual(
    stranger.simulator.requests().map(() => 'INVALID_SIGNATURE'),
  );
  expect(await wrong.end()).toBe(0);
  expect([...(await stranger.committed()).values()]).toEqual([0, 0]);
  expect(await keepLedger(stranger)).toMatchObject({ lost: [], doubled: [], parked: [], deadLettered: [] });

  await stranger.start();
  await stranger.settled();
  const ledger = await keepLedger(stranger);
  expect(ledger).toMatchObject({ lost: [], doubled: [], parked: [], uncommitted: [], disorder: [], repeats: 0 });
  expect(ledger.delivered).toHaveLength(10);
});

function isOver({ answeredAt }: ReceivedRequest): boolean {
  return answeredAt !== undefined;
}
