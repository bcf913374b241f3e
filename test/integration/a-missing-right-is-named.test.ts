import { beforeAll, expect, test } from 'vitest';
import type { Cluster } from '../../deploy/local/cluster.ts';
import { expectAccounted } from '../support/expect-accounted.ts';
import { asUser, clusterWithRights, grant, GROUP, revoke, type Right } from '../support/rights.ts';
import { makeTopics } from '../support/make-topics.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const RETRY = ['retry.1s', 'retry.3s'];
const ALL_BUT_CONFIGS: readonly Right[] = [
  GROUP,
  ['READ', ''],
  ...RETRY.flatMap((topic): Right[] => [
    ['READ', topic],
    ['WRITE', topic],
  ]),
  ['WRITE', 'dead-letter'],
  ['WRITE', 'outcomes'],
];

let cluster: Cluster;

beforeAll(async () => {
  cluster = await clusterWithRights(['blind', 'partial', 'plain', 'revoked']);
  return () => cluster.stop();
});

/** A world with all its topics, whose services are this user with these rights and no others. */
async function worldOf(user: string, rights: readonly Right[]): Promise<World> {
  const world = await World.create({
    partitions: 1,
    bootstrapServers: cluster.bootstrapServers,
    profile: {
      rules: [
        { when: { paymentId: 'UNKNOWN', attempt: 1 }, answer: { code: 'UNKNOWN_EXCEPTION' } },
        { when: { paymentId: 'REFUSED' }, answer: { code: 'PROCESS_FAIL' } },
      ],
    },
    settings: { ...asUser(cluster, user), CREATE_TOPICS: 'false' },
  });
  Object.assign(world.settings, { OUTCOMES_TOPIC: world.topic('outcomes') });
  const topics = [...RETRY, 'dead-letter', 'outcomes'].map((suffix) => ({
    topic: world.topic(suffix),
    numPartitions: 1,
  }));
  await makeTopics(world.admin, topics);
  await grant(world, user, rights);
  return world;
}

/** What a service that was refused has said of topics: `READ,WRITE retry.1s`. */
function refusals(world: World, errors: string): string[] {
  const said = errors.matchAll(/this user may not (.+?) the topic (\S+):/g);
  return [...said].map(([, rights = '', topic = '']) => `${rights} ${topic.replace(world.source, '').slice(1)}`).sort();
}

test('a user that may see none of its topics is told each right and topic at once, with exit 2', async () => {
  const world = await worldOf('blind', [GROUP]);
  const service = await world.launch();
  expect(await service.exit()).toBe(2);
  const wanted = ['READ ', 'READ and WRITE retry.1s', 'READ and WRITE retry.3s', 'WRITE dead-letter', 'WRITE outcomes'];
  expect(refusals(world, service.errors)).toEqual(wanted);
  expect(service.errors).toContain(`--operation WRITE --topic ${world.topic('dead-letter')}`);
});

test('so is one that may see them all, and read or write only some', async () => {
  const seen = ['', ...RETRY, 'dead-letter', 'outcomes'].map((topic): Right => ['DESCRIBE', topic]);
  const world = await worldOf('partial', [GROUP, ...seen, ['READ', ''], ['READ', 'retry.1s'], ['WRITE', 'retry.3s']]);
  const service = await world.launch();
  expect(await service.exit()).toBe(2);
  const wanted = ['READ retry.3s', 'WRITE dead-letter', 'WRITE outcomes', 'WRITE retry.1s'];
  expect(refusals(world, service.errors)).toEqual(wanted);
});

test('without DESCRIBE_CONFIGS it works, and warns of what it could not look at', async () => {
  const world = await worldOf('plain', ALL_BUT_CONFIGS);
  await world.write(0, ['GOOD', 'UNKNOWN', 'REFUSED']);
  const service = await world.start();
  const { delivered, deadLettered, repeats } = await expectAccounted(world);
  expect([delivered.length, deadLettered, repeats]).toEqual([2, ['REFUSED'], 0]);
  const warned = service.log.filter(({ level, msg }) => level === 'warn' && String(msg).includes('DESCRIBE_CONFIGS'));
  expect(warned.map(({ msg }) => String(msg).match(/the topic (\S+):/)?.[1])).toEqual(
    ['', ...RETRY, 'dead-letter'].map((suffix) => world.topic(suffix)),
  );
  expect(await service.end()).toBe(0);
});

test('a right taken away while it runs is named, and what cannot be written holds up no stop: it stays uncommitted', async () => {
  const world = await worldOf('revoked', [...ALL_BUT_CONFIGS, ['DESCRIBE', 'dead-letter']]);
  const service = await world.start();
  await world.write(0, ['GOOD']);
  await world.settled();
  await revoke(world, 'revoked', [['WRITE', 'dead-letter']]);
  await world.write(0, ['REFUSED', 'BEHIND']);
  const line = await until('it to be told', () => service.log.find(({ event }) => event === 'waiting'));
  expect(line).toMatchObject({ for: 'dead_letter' });
  expect(JSON.stringify(line['error'])).toContain(`may not WRITE the topic ${world.topic('dead-letter')}`);

  const began = performance.now();
  expect(await service.end()).toBe(1);
  expect(performance.now() - began).toBeLessThan(8_000);
  expect((await world.committed()).get(0)).toBe(1);

  await grant(world, 'revoked', [['WRITE', 'dead-letter']]);
  await world.start();
  const { delivered, deadLettered } = await expectAccounted(world);
  expect([delivered, deadLettered]).toEqual([['GOOD', 'BEHIND'], ['REFUSED']]);
});
