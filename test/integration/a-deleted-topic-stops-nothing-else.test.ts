import { expect, test } from 'vitest';
import { expectAccounted } from '../support/expect-accounted.ts';
import { makeTopics } from '../support/make-topics.ts';
import { keepLedger } from '../support/ledger.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { OUTCOMES, World } from '../support/world.ts';

const ONCE_UNKNOWN = { when: { attempt: 1, paymentId: 'UNKNOWN' }, answer: { code: 'UNKNOWN_EXCEPTION' } };
const REFUSED = { when: { paymentId: 'REFUSED' }, answer: { code: 'PROCESS_FAIL' } };
const profile = { rules: [ONCE_UNKNOWN, REFUSED] };

test('a retry topic: other partitions flow, and it goes on unaided when the topic is there again', async () => {
  const world = await byHand({ partitions: 2, profile });
  const service = await world.start();
  await world.writeEverywhere(2);
  await world.settled();
  await world.admin.deleteTopics({ topics: [world.topic('retry.1s')] });
  await isTold(service, world.topic('retry.1s'), 'records that have to wait there hold their partition');

  await world.write(0, ['UNKNOWN', 'BEHIND']);
  await world.write(1, ['A', 'B']);
  await until('the other partition to flow', async () => (await world.committed()).get(1) === 4);
  await until('the record to wait', async () => ((await service.metric(PRODUCE_ERRORS)) ?? 0) > 0);
  expect((await world.committed()).get(0)).toBe(2);
  const joining = await world.start({ CREATE_TOPICS: 'true' });
  await isBack(service);
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats]).toEqual([8, 0]);
  expect(world.simulator.requests().filter(({ paymentId }) => paymentId === 'UNKNOWN')).toHaveLength(2);
  expect((await service.get('/readyz')).status).toBe(200);
  expect(await joining.end()).toBe(0);
  expect(timesTold(service)).toBe(1);
});

test('events that waited in it are named as lost, and keep nothing of their key waiting', async () => {
  const world = await byHand({ partitions: 1, profile, settings: { RETRY_DELAYS: '1s,3s' } });
  const service = await world.start({ RETRY_DELAYS: '10m,3s' });
  await world.write(0, ['UNKNOWN'], { key: 'K' });
  await until('it to be parked', async () => (await world.committed()).get(0) === 1);
  await world.admin.deleteTopics({ topics: [world.topic('retry.10m')] });
  await isTold(service, world.topic('retry.10m'), 'records that have to wait there');
  await make(world, 'retry.10m');
  await isBack(service);
  const lost = await until('the loss to be told', () => service.log.find(({ event }) => event === 'parked_lost'));
  expect(lost).toMatchObject({ level: 'error', lost: 1, origins: [`${world.source}:0:0`] });
  await world.write(0, ['NEXT'], { key: 'K' });
  await world.settled();
  const { delivered, lost: gone, repeats } = await keepLedger(world);
  expect({ delivered, gone, repeats }).toEqual({ delivered: ['NEXT'], gone: ['UNKNOWN'], repeats: 0 });
});

test('the dead-letter topic: all else flows, and CREATE_TOPICS makes it anew', async () => {
  const world = await World.create({ partitions: 2, profile });
  const service = await world.start();
  await world.writeEverywhere(2);
  await world.settled();
  await world.admin.deleteTopics({ topics: [world.topic('dead-letter')] });
  await isTold(service, world.topic('dead-letter'), 'records that have to go there');
  await world.write(0, ['REFUSED', 'BEHIND']);
  await world.write(1, ['A', 'UNKNOWN']);
  const { delivered, deadLettered, repeats } = await expectAccounted(world);
  expect([delivered.length, deadLettered, repeats]).toEqual([7, ['REFUSED'], 0]);
  await isBack(service);
});

/** A source made anew has other events at the same offsets: its outcomes could not be told from those of the old one. */
const UNTOLD = { OUTCOMES_TOPIC: '' };

test('the source: it is waited for without a flood, and one made anew ends the process with what to decide', async () => {
  const world = await byHand({ partitions: 2, profile, settings: UNTOLD });
  const service = await world.start();
  await world.writeEverywhere(3);
  await world.settled();
  const lines = service.log.length;
  const cpu = await service.metric('process_cpu_seconds_total');
  await world.admin.deleteTopics({ topics: [world.source] });
  await isTold(service, world.source, 'nothing new is read');
  await until('a second look', async () => (await service.metric('process_cpu_seconds_total')) !== cpu);
  expect((await service.get('/livez')).status).toBe(200);
  expect(service.log.slice(lines).filter(({ level }) => level !== 'debug')).toHaveLength(1);

  world.written.length = 0;
  await make(world, '');
  await world.writeEverywhere(5, 'ANEW');
  expect(await service.exit()).toBe(1);
  expect(service.errors).toContain(`${world.source} was deleted and made anew`);
  expect(service.errors).toContain('--reset-offsets');
  await world.start();
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats]).toEqual([10, 0]);
});

test('a topic made anew before anybody saw it missing is taken for a new one all the same', async () => {
  const retry = await byHand({ partitions: 1, profile });
  const source = await byHand({ partitions: 1, profile, settings: UNTOLD });
  const [goesOn, ends] = [await retry.start(), await source.start()];
  await retry.write(0, ['UNKNOWN', 'A', 'B']);
  await source.writeEverywhere(3);
  await Promise.all([retry.settled(), source.settled()]);

  await retry.admin.deleteTopics({ topics: [retry.topic('retry.1s')] });
  await make(retry, 'retry.1s');
  await retry.write(0, ['C', 'D']);
  const { delivered, repeats } = await expectAccounted(retry);
  expect([delivered.length, repeats]).toEqual([5, 0]);
  expect(goesOn.running).toBe(true);

  await source.admin.deleteTopics({ topics: [source.source] });
  await make(source, '');
  source.written.length = 0;
  await source.writeEverywhere(9, 'ANEW');
  expect(await ends.exit()).toBe(1);
  await source.start();
  expect(await expectAccounted(source)).toMatchObject({ repeats: 0 });
});

test('a retry topic that is no longer configured may be deleted: it is missed by nobody', async () => {
  const world = await byHand({ partitions: 1, profile });
  const service = await world.start();
  await world.writeEverywhere(2);
  await world.settled();
  await world.admin.deleteTopics({ topics: [world.topic('retry.10m')] });
  await world.write(0, ['UNKNOWN', 'A']);
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats]).toEqual([4, 0]);
  expect(service.log.filter(({ level }) => level === 'error')).toEqual([]);
});

const PRODUCE_ERRORS = 'notifier_produce_errors_total{target="retry"}';

async function byHand(options: Parameters<typeof World.create>[0]): Promise<World> {
  const world = await World.create({ ...options, settings: { CREATE_TOPICS: 'false', ...options?.settings } });
  await make(world, 'retry.1s', 'retry.3s', 'retry.10m', 'dead-letter', OUTCOMES);
  return world;
}

async function make(world: World, ...suffixes: readonly string[]): Promise<void> {
  const topics = suffixes.map((suffix) => ({ topic: world.topic(suffix), numPartitions: world.partitions }));
  await until('old topics to be gone', () => makeTopics(world.admin, topics));
}

/** It says which topic is gone and what to do, counts it, and is ready all the same. */
async function isTold(service: ServiceProcess, topic: string, remedy: string): Promise<void> {
  const line = await until('it to be told', () => service.log.find(({ event }) => event === 'topics_missing'));
  expect(line).toMatchObject({ level: 'error', topic, msg: `the topic ${topic} is gone` });
  expect(line['remedy']).toContain(remedy);
  expect(await service.metric('notifier_missing_topics')).toBe(1);
  expect((await service.get('/readyz')).status).toBe(200);
}

async function isBack(service: ServiceProcess): Promise<void> {
  await until('all topics to be there', async () => (await service.metric('notifier_missing_topics')) === 0);
}

function timesTold(service: ServiceProcess): number {
  return service.log.filter(({ event, level }) => event === 'topics_missing' && level === 'error').length;
}
