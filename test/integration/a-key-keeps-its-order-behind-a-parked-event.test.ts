import { beforeAll, expect, test } from 'vitest';
import { sampleEvent } from '../../src/cli/sample-events.ts';
import { notificationBody } from '../../src/core/notification.ts';
import { expectAccounted } from '../support/expect-accounted.ts';
import { parkByHand } from '../support/park-by-hand.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

/** Partitions of one world, a case each: all of them wait for their retries at once. */
const THROUGH_TIERS = 0;
const OWN_RETRIES = 1;
const REFUSED = 2;

const unknownTimes = (paymentId: string, times: number) => ({
  when: { paymentId, attempt: { to: times } },
  answer: { code: 'UNKNOWN_EXCEPTION' },
});

function bodyOf(paymentId: string, paymentRequestId: string): string {
  return notificationBody({ ...sampleEvent(paymentId, true), paymentRequestId }, '+00:00').toString();
}

let world: World;
let service: ServiceProcess;
let deadLettered: readonly string[];

beforeAll(async () => {
  const refused = { when: { paymentId: 'A2' }, answer: { code: 'PROCESS_FAIL' } };
  const unknown = { A0: 2, A1: 2, B1: 1, A2: 1 };
  const rules = [...Object.entries(unknown).map(([id, times]) => unknownTimes(id, times)), refused];
  const [shared, end] = await World.shared({ profile: { rules } });
  world = shared;
  await world.write(THROUGH_TIERS, ['A0', 'B0'], { key: 'K' });
  await world.write(THROUGH_TIERS, ['X1', 'X2', 'X3'], { key: 'L' });
  await world.write(THROUGH_TIERS, ['C0'], { key: 'K' });
  await world.write(OWN_RETRIES, ['A1', 'B1'], { key: 'K' });
  await world.write(REFUSED, ['A2', 'B2'], { key: 'K' });
  service = await world.start();
  await until('keys to be fenced', async () => ((await service.metric('notifier_fenced_keys')) ?? 0) > 0);
  ({ deadLettered } = await expectAccounted(world, 60_000, 'key'));
  return end;
});

/** Payment ids in the order of their requests. @param partition of those alone that were written there */
function sent(of: World, partition = 0): string[] {
  const own = new Set(of.written.filter((record) => record.partition === partition).map(({ paymentId }) => paymentId));
  return of.simulator.requests().flatMap(({ paymentId }) => (own.has(paymentId) ? [paymentId] : []));
}

/** What a retry topic holds of a partition. */
async function copies(tier: string, partition: number): Promise<Readonly<Record<string, string>>[]> {
  const records = await world.records(`retry.${tier}`);
  return records.filter((record) => record.partition === partition).map(({ text }) => text);
}

test('later events of a parked key wait without a request, through every tier; other keys flow', async () => {
  expect(sent(world, THROUGH_TIERS)).toEqual(['A0', 'X1', 'X2', 'X3', 'A0', 'A0', 'B0', 'C0']);
  const [first, ...followers] = await copies('1s', THROUGH_TIERS);
  expect(followers).toMatchObject(
    ['B0', 'C0'].map((id) => ({
      'notifier-reason': 'behind_parked_key',
      'notifier-attempts': '0',
      'notifier-hops': '1',
      'notifier-origin-offset': String(world.written.find(({ paymentId }) => paymentId === id)?.offset),
      'notifier-not-before': first?.['notifier-not-before'],
    })),
  );
  for (const text of followers) expect(text).not.toHaveProperty('notifier-body');
  expect((await copies('3s', THROUGH_TIERS)).map((text) => text['notifier-hops'])).toEqual(['2', '2', '2']);
  expect(await service.metric('notifier_fenced_keys')).toBe(0);
  expect(await service.metric('notifier_retry_parked_total{tier="1s",result_code="NONE"}')).toBe(4);
});

test('waiting costs a follower none of its own retries', async () => {
  expect(sent(world, OWN_RETRIES)).toEqual(['A1', 'A1', 'A1', 'B1', 'B1']);
  const waits = (await copies('1s', OWN_RETRIES)).map((text) => [
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

test('a terminal refusal lets the followers go on', () => {
  expect(sent(world, REFUSED)).toEqual(['A2', 'A2', 'B2']);
  expect(deadLettered).toEqual(['A2']);
});

test('events with no key, or an empty one, are ordered by their payment', async () => {
  const KEYS = [null, ''];
  const payments = await World.create({ partitions: 2, profile: { rules: [unknownTimes('A*', 1)] } });
  for (const [partition, key] of KEYS.entries()) {
    const paymentId = `A${partition}`;
    const again = { ...sampleEvent(paymentId, false), paymentRequestId: 'second' };
    await payments.write(partition, [paymentId], { key });
    await payments.writeRaw(partition, [{ paymentId, key, value: payments.encode(again) }]);
    await payments.write(partition, [`Z${partition}`], { key });
  }
  await payments.start();
  await payments.settled();
  for (const partition of KEYS.keys()) {
    const [own, other] = [`A${partition}`, `Z${partition}`];
    expect(sent(payments, partition)).toEqual([own, other, own, own]);
    const bodies = payments.simulator.requests().flatMap(({ paymentId, body }) => (paymentId === own ? [body] : []));
    expect(bodies.map((body) => body.includes('second'))).toEqual([false, false, true]);
  }
});

test('a crash between parking in the second tier and committing in the first leaves one event, sent once', async () => {
  const own = await World.create({ partitions: 1, settings: { RETRY_DELAYS: '1s,3s' } });
  await own.write(0, ['A', 'B', 'C'], { key: 'K' });
  const bodies = ['first', 'second'].map((paymentRequestId) => bodyOf('A', paymentRequestId));
  await parkByHand(own, { tier: '1s', origin: 0, paymentId: 'A', attempts: 1, hops: 1, body: bodies[0], dueInMs: 0 });
  await parkByHand(own, { tier: '1s', origin: 1, paymentId: 'B', attempts: 0, hops: 1, dueInMs: 0 });
  const second = { tier: '3s', origin: 0, paymentId: 'A', attempts: 2, hops: 2, body: bodies[1], dueInMs: 1_500 };
  await parkByHand(own, second);
  await own.commitByHand(2);
  const member = await own.start();
  await expectAccounted(own, 60_000, 'key');
  expect(sent(own)).toEqual(['A', 'B', 'C']);
  expect(own.simulator.requests()[0]?.body).toBe(bodies[1]);
  expect(member.log.filter(({ event }) => event === 'superseded')).toHaveLength(1);
});

test('a source record that is read again after its copy was parked is not sent twice', async () => {
  const own = await World.create({ partitions: 1 });
  await own.write(0, ['A', 'B'], { key: 'K' });
  await parkByHand(own, { tier: '1s', origin: 0, paymentId: 'A', attempts: 1, hops: 1, dueInMs: 1_000 });
  await own.commitByHand(0);
  await own.start();
  await expectAccounted(own, 60_000, 'key');
  expect(sent(own)).toEqual(['A', 'B']);
});

test('a tier that is no longer configured keeps its order while it is drained', async () => {
  const own = await World.create({ partitions: 1, settings: { RETRY_DELAYS: '1s,3s' } });
  await own.write(0, ['A', 'B'], { key: 'K' });
  await parkByHand(own, { tier: '3s', origin: 0, paymentId: 'A', attempts: 2, hops: 2, dueInMs: 1_500 });
  await own.commitByHand(1);
  await own.start({ RETRY_DELAYS: '1s' });
  await expectAccounted(own, 60_000, 'key');
  expect(sent(own)).toEqual(['A', 'B']);
  expect((await own.records('retry.3s')).map(({ text }) => text['notifier-origin-offset'])).toEqual(['0', '1']);
});
