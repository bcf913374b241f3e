import { expect, test } from 'vitest';
import type { Status } from '../../src/ops/status.ts';
import { WAIT_REASONS } from '../../src/pipeline/waits.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';
import { registryProxy } from './registry-proxy.ts';

async function statusOf(service: ServiceProcess): Promise<Status> {
  const { status, body } = await service.get('/status');
  expect(status).toBe(200);
  return JSON.parse(body) as Status;
}

/** The status once it shows what a test waits for. */
function seen(service: ServiceProcess, what: string, shows: (status: Status) => boolean): Promise<Status> {
  return until(`the status to show ${what}`, async () => {
    const status = await statusOf(service);
    return shows(status) ? status : undefined;
  });
}

const standing = (reason: string): string => `notifier_waiting_partitions{reason="${reason}"}`;

test('serving, held, parked: the status tells the truth of each, and shows no payment', async () => {
  const world = await World.create({ partitions: 2, settings: { RETRY_DELAYS: '1s,1h', OUTAGE_HOLD_AFTER: '0' } });
  const service = await world.start();
  const serving = await seen(service, 'lanes', ({ lanes }) => lanes.length === 6);
  expect(serving).toEqual({
    member: {
      id: expect.stringMatching(/./) as string,
      generation: 1,
      state: 'serving',
      since: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    },
    hold: null,
    pace: { limit: 0 },
    lanes: ['main', '1s', '1h'].flatMap((tier) =>
      [0, 1].map((partition) => expect.objectContaining({ tier, partition }) as unknown),
    ),
    parked: [],
    keys: { active: '1', signing: '1', versions: ['1'] },
    trouble: expect.any(Array) as unknown,
  });
  expect(Object.keys(serving.lanes[0] ?? {}).sort()).toEqual(
    ['committed', 'lag', 'partition', 'position', 'since', 'tier', 'topic', 'waitsFor'].sort(),
  );
  expect(await service.metric('notifier_member_state{state="serving"}')).toBe(1);
  expect(await service.metric('notifier_member_state{state="outside"}')).toBe(0);
  for (const reason of WAIT_REASONS) expect(await service.metric(standing(reason))).toBe(0);

  await world.write(0, ['S-1', 'S-2', 'S-3']);
  await world.settled();
  const told = await seen(service, 'no lag', ({ lanes }) => lanes[0]?.committed === 3);
  expect(told.lanes[0]).toMatchObject({ tier: 'main', position: 3, committed: 3, lag: 0, waitsFor: null });

  world.simulator.play({ default: { code: 'UNKNOWN_EXCEPTION' } });
  await world.write(1, ['SECRET-PAYMENT-1', 'SECRET-PAYMENT-2']);
  const parked = await seen(service, 'two parked for an hour', ({ parked }) =>
    parked.some(({ tier, records }) => tier === '1h' && records === 2),
  );
  expect(parked.parked).toEqual([{ tier: '1h', partition: 1, records: 2, keys: 2 }]);
  const lane = await seen(service, 'a lane that waits for its time', ({ lanes }) =>
    lanes.some(({ tier, partition, waitsFor }) => tier === '1h' && partition === 1 && waitsFor === 'due'),
  );
  expect(lane.lanes.find(({ tier, partition }) => tier === '1h' && partition === 1)).toMatchObject({
    committed: 0,
    lag: 2,
  });

  world.simulator.play({ default: { code: 'KEY_NOT_FOUND', sign: 'none' } });
  await world.write(0, ['SECRET-PAYMENT-3']);
  const held = await seen(service, 'a hold', ({ hold, lanes }) => hold !== null && lanes[0]?.waitsFor === 'hold');
  expect(held.hold?.reason).toBe('KEY_NOT_FOUND');
  expect(held.lanes[0]).toMatchObject({ lag: 1, since: held.hold?.since });
  expect(held.trouble[0]).toMatchObject({
    event: 'hold_began',
    remedy: expect.stringMatching(/key/i) as string,
  });
  expect(JSON.stringify(held)).not.toContain('SECRET-PAYMENT');

  const { body: page } = await service.get('/status', 'GET', 'text/html');
  expect(page).toContain('Held: KEY_NOT_FOUND');
  expect(page).not.toMatch(/<script|SECRET-PAYMENT|PRIVATE KEY/);
  world.simulator.play({});
  await seen(service, 'the end of the hold', ({ hold }) => hold === null);
  expect(await service.end()).toBe(0);
});

test('a partition that waits for the registry is shown and counted as long as it does', async () => {
  const registry = await registryProxy();
  const world = await World.create({ partitions: 1, settings: { SCHEMA_REGISTRY_URL: registry.url } });
  const service = await world.start();
  registry.mood = { status: 503 };
  await world.write(0, ['R-1']);
  const status = await seen(service, 'a wait', ({ lanes }) => lanes[0]?.waitsFor === 'registry');
  expect(Date.parse(status.lanes[0]?.since ?? '')).toBeGreaterThan(Date.parse(status.member.since));
  expect(await service.metric(standing('registry'))).toBe(1);
  expect(status.trouble[0]).toMatchObject({ event: 'waiting', remedy: expect.stringMatching(/registry/) as string });
  registry.mood = 'works';
  await world.settled();
  await seen(service, 'its end', ({ lanes }) => lanes[0]?.waitsFor === null);
  expect(await service.metric(standing('registry'))).toBe(0);
});

test('a member that has not reached its brokers says that it is outside, and what is wrong', async () => {
  const world = await World.create({ partitions: 1 });
  const service = await world.launch({ KAFKA_BROKERS: '127.0.0.1:1' });
  const status = await until('a trouble', async () => {
    const { status, body } = await service.get('/status');
    const seen = status === 200 ? (JSON.parse(body) as Status) : undefined;
    return (seen?.trouble.length ?? 0) > 0 ? seen : undefined;
  });
  expect(status.member).toMatchObject({ id: null, generation: null, state: 'outside' });
  expect(status.trouble[0]).toMatchObject({ detail: expect.stringMatching(/^waiting for the brokers/) as string });
  expect(await service.metric('notifier_member_state{state="outside"}')).toBe(1);
  expect(await service.end()).toBe(0);
});
