import { expect, test } from 'vitest';
import { sampleEvent } from '../../src/cli/sample-events.ts';
import { notificationBody } from '../../src/core/notification.ts';
import { expectAccounted } from '../support/expect-accounted.ts';
import { parkByHand } from '../support/park-by-hand.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const unknownTimes = (paymentId: string, times: number) => ({
  when: { paymentId, attempt: { to: times } },
  answer: { code: 'UNKNOWN_EXCEPTION' },
});

function bodyOf(paymentId: string, paymentRequestId: string): string {
  return notificationBody({ ...sampleEvent(paymentId, true), paymentRequestId }, '+00:00').toString();
}

/** Payment ids in the order of their requests. */
function sent(world: World): string[] {
  return world.simulator.requests().map(({ paymentId }) => paymentId);
}

test('later events of a parked key wait without a request, through every tier; other keys flow', async () => {
  const world = await World.create({ partitions: 1, profile: { rules: [unknownTimes('A', 2)] } });
  await world.write(0, ['A', 'B'], { key: 'K' });
  await world.write(0, ['X1', 'X2', 'X3'], { key: 'L' });
  await world.write(0, ['C'], { key: 'K' });
  const service = await world.start();

  await until('the key to be fenced', async () => (await service.metric('notifier_fenced_keys')) === 1);
  await expectAccounted(world, 60_000, 'key');
  expect(sent(world)).toEqual(['A', 'X1', 'X2', 'X3', 'A', 'A', 'B', 'C']);
  expect(await service.metric('notifier_fenced_keys')).toBe(0);
  expect(await service.metric('notifier_retry_parked_total{tier="1s",result_code="NONE"}')).toBe(2);

  const [first, ...followers] = await world.records('retry.1s');
  expect(followers.map(({ text }) => text)).toMatchObject(
    ['B', 'C'].map((id) => ({
      'notifier-reason': 'behind_parked_key',
      'notifier-attempts': '0',
      'notifier-hops': '1',
      'notifier-origin-offset': String(world.written.find(({ paymentId }) => paymentId === id)?.offset),
      'notifier-not-before': first?.text['notifier-not-before'],
    })),
  );
  for (const { text } of followers) expect(text).not.toHaveProperty('notifier-body');
  expect((await world.records('retry.3s')).map(({ text }) => text['notifier-hops'])).toEqual(['2', '2', '2']);
});

test('waiting costs a follower none of its own retries', async () => {
  const world = await World.create({
    partitions: 1,
    profile: { rules: [unknownTimes('A', 2), unknownTimes('B', 1)] },
  });
  await world.write(0, ['A', 'B'], { key: 'K' });
  await world.start();
  await expectAccounted(world, 60_000, 'key');
  expect(sent(world)).toEqual(['A', 'A', 'A', 'B', 'B']);
  const waits = (await world.records('retry.1s')).map(({ text }) => [
    text['notifier-origin-offset'],
    text['notifier-reason'],
    text['notifier-waits'],
  ]);
  expect(waits).toEqual([
    ['0', 'UNKNOWN_EXCEPTION', undefined],
    ['1', 'behind_parked_key', '1'],
    ['1', 'UNKNOWN_EXCEPTION', '2'],
  ]);
});

test.each([
  { name: 'no key', key: null },
  { name: 'an empty key', key: '' },
])('events with $name are ordered by their payment', async ({ key }) => {
  const world = await World.create({ partitions: 1, profile: { rules: [unknownTimes('A', 1)] } });
  await world.write(0, ['A'], { key });
  const again = { ...sampleEvent('A', false), paymentRequestId: 'second' };
  await world.writeRaw(0, [{ paymentId: 'A2', key, value: world.encode(again) }]);
  await world.write(0, ['Z'], { key });
  await world.start();
  await world.settled();
  const seen = world.simulator.requests().map(({ paymentId, body }) => `${paymentId}${/second/.test(body) ? '2' : ''}`);
  expect(seen).toEqual(['A', 'Z', 'A', 'A2']);
});

test('a terminal refusal lets the followers go on', async () => {
  const rules = [unknownTimes('A', 1), { when: { paymentId: 'A' }, answer: { code: 'PROCESS_FAIL' } }];
  const world = await World.create({ partitions: 1, profile: { rules } });
  await world.write(0, ['A', 'B'], { key: 'K' });
  await world.start();
  const ledger = await expectAccounted(world, 60_000, 'key');
  expect(sent(world)).toEqual(['A', 'A', 'B']);
  expect(ledger.deadLettered).toEqual(['A']);
});

test('a crash between parking in the second tier and committing in the first leaves one event, sent once', async () => {
  const world = await World.create({ partitions: 1, settings: { RETRY_DELAYS: '1s,3s' } });
  await world.write(0, ['A', 'B', 'C'], { key: 'K' });
  const bodies = ['first', 'second'].map((paymentRequestId) => bodyOf('A', paymentRequestId));
  await parkByHand(world, { tier: '1s', origin: 0, paymentId: 'A', attempts: 1, hops: 1, body: bodies[0], dueInMs: 0 });
  await parkByHand(world, { tier: '1s', origin: 1, paymentId: 'B', attempts: 0, hops: 1, dueInMs: 0 });
  await parkByHand(world, {
    tier: '3s',
    origin: 0,
    paymentId: 'A',
    attempts: 2,
    hops: 2,
    body: bodies[1],
    dueInMs: 1_500,
  });
  await world.commitByHand(2);
  const service = await world.start();
  await expectAccounted(world, 60_000, 'key');
  expect(sent(world)).toEqual(['A', 'B', 'C']);
  expect(world.simulator.requests()[0]?.body).toBe(bodies[1]);
  expect(service.log.filter(({ event }) => event === 'superseded')).toHaveLength(1);
});

test('a source record that is read again after its copy was parked is not sent twice', async () => {
  const world = await World.create({ partitions: 1 });
  await world.write(0, ['A', 'B'], { key: 'K' });
  await parkByHand(world, { tier: '1s', origin: 0, paymentId: 'A', attempts: 1, hops: 1, dueInMs: 1_000 });
  await world.commitByHand(0);
  await world.start();
  await expectAccounted(world, 60_000, 'key');
  expect(sent(world)).toEqual(['A', 'B']);
});

test('a tier that is no longer configured keeps its order while it is drained', async () => {
  const world = await World.create({ partitions: 1, settings: { RETRY_DELAYS: '1s,3s' } });
  await world.write(0, ['A', 'B'], { key: 'K' });
  await parkByHand(world, { tier: '3s', origin: 0, paymentId: 'A', attempts: 2, hops: 2, dueInMs: 1_500 });
  await world.commitByHand(1);
  await world.start({ RETRY_DELAYS: '1s' });
  await expectAccounted(world, 60_000, 'key');
  expect(sent(world)).toEqual(['A', 'B']);
  expect((await world.records('retry.3s')).map(({ text }) => text['notifier-origin-offset'])).toEqual(['0', '1']);
});

test('killed again and again while keys hop, none is sent out of order', async () => {
  const world = await World.create({
    partitions: 2,
    profile: {
      delayMs: 5,
      rules: [{ when: { share: 0.35, attempt: { to: 3 } }, answer: { code: 'UNKNOWN_EXCEPTION' } }],
    },
    settings: { RETRY_DELAYS: '250ms,500ms' },
  });
  for (let number = 0; number < 60; number += 1) {
    for (const partition of [0, 1])
      await world.write(partition, [`P${String(partition)}-${String(number)}`], { key: `K${String(number % 7)}` });
  }
  let service = await world.start();
  for (const share of [40, 90, 150]) {
    await until('some requests', () => world.simulator.requests().length >= share);
    await service.end('SIGKILL');
    service = await world.start();
  }
  const ledger = await expectAccounted(world, 90_000, 'key');
  expect(ledger.repeats).toBeLessThanOrEqual(3 * 2 * 3 * 2);
});
