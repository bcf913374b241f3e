import { expect, test, vi } from 'vitest';
import { Epoch, instant } from '../../../../src/kafka/group/epoch.ts';
import { Heartbeats } from '../../../../src/kafka/group/heartbeats.ts';
import type { ConsumerGroup } from '../../../../src/kafka/kafkajs/types.ts';
import { deferred, pass, useVirtualTime } from '../../../support/fixtures.ts';

useVirtualTime();

const SESSION_MS = 30_000;
const protocolError = (type: string): Error => Object.assign(new Error(type), { type });

/** Heartbeats of generation 4, which the coordinator answers as the test says. */
function beating(answer: () => Promise<unknown>, lookup: Promise<unknown> = Promise.resolve()) {
  const told = { heartbeats: 0, answers: 0, lookups: 0, hangUps: 0, last: {} };
  const group = {
    groupId: 'g',
    memberId: 'm',
    coordinator: {
      heartbeat: (heartbeat: object) => {
        told.last = heartbeat;
        told.heartbeats += 1;
        return answer();
      },
      connectionPool: { pool: [{ socket: { destroy: () => (told.hangUps += 1) } }, {}] },
    },
    cluster: {
      getNodeIds: () => [],
      findGroupCoordinator: async () => {
        told.lookups += 1;
        await lookup;
        return group.coordinator;
      },
    },
    lastRequest: 1,
  };
  const epoch = new Epoch(4, SESSION_MS, instant());
  const heartbeats = new Heartbeats(SESSION_MS, () => (told.answers += 1));
  return { group: group as unknown as ConsumerGroup, epoch, heartbeats, told };
}

test('ten heartbeats go out in a session, until they are stopped; what kafkajs would send is not due meanwhile', async () => {
  const { group, epoch, heartbeats, told } = beating(() => Promise.resolve());
  heartbeats.start(group, epoch);
  await pass(SESSION_MS);
  expect(told).toMatchObject({ heartbeats: 10, answers: 10 });
  expect(group.lastRequest).toBe(Date.now());
  expect(() => epoch.assertHeld(true)).not.toThrow();
  heartbeats.stop();
  await pass(SESSION_MS);
  expect(told.heartbeats).toBe(10);
});

test('a heartbeat names group, member and the generation of its epoch, and leaves no timer behind', async () => {
  const { group, epoch, heartbeats, told } = beating(() => Promise.resolve());
  await heartbeats.beat(group, epoch);
  expect(told.last).toEqual({ groupId: 'g', memberId: 'm', groupGenerationId: 4 });
  expect(vi.getTimerCount()).toBe(0);
});

test.each(['coordinator', 'memberId'])('without a %s there is nobody to ask, and nothing is renewed', async (part) => {
  const { group, epoch, heartbeats, told } = beating(() => Promise.resolve());
  Object.assign(group, { [part]: null });
  await pass(SESSION_MS);
  await heartbeats.beat(group, epoch);
  expect([told.heartbeats, told.answers]).toEqual([0, 0]);
  expect(() => epoch.assertHeld(true)).toThrow();
});

test('an error that says nothing of the generation ends no epoch', async () => {
  const { group, epoch, heartbeats, told } = beating(() =>
    Promise.reject(protocolError('COORDINATOR_LOAD_IN_PROGRESS')),
  );
  await expect(heartbeats.beat(group, epoch)).rejects.toThrow('COORDINATOR_LOAD_IN_PROGRESS');
  expect([epoch.ended.aborted, told.answers, told.lookups, group.lastRequest]).toEqual([false, 0, 0, 0]);
});

test('a coordinator that is silent is told as that', async () => {
  const { group, epoch, heartbeats } = beating(() => new Promise(() => undefined));
  const beat = heartbeats.beat(group, epoch);
  beat.catch(() => undefined);
  await pass(SESSION_MS / 3);
  await expect(beat).rejects.toMatchObject({ name: 'NoAnswer', message: 'the coordinator is silent' });
});

test('a heartbeat waits for the one before', async () => {
  const slow = deferred<undefined>();
  const { group, epoch, heartbeats, told } = beating(() => slow.promise);
  heartbeats.start(group, epoch);
  await pass(SESSION_MS / 3);
  expect(told.heartbeats).toBe(1);
  slow.resolve(undefined);
  await pass(SESSION_MS / 10);
  expect(told.heartbeats).toBe(2);
  heartbeats.stop();
});

test('a coordinator that is silent for a third of the session is hung up on, and the next one keeps the session', async () => {
  const { group, epoch, heartbeats, told } = beating(() =>
    told.lookups === 0 ? new Promise(() => undefined) : Promise.resolve(),
  );
  heartbeats.start(group, epoch);
  await pass(SESSION_MS / 10 + SESSION_MS / 3 - 1);
  expect([told.hangUps, told.lookups]).toEqual([0, 0]);
  await pass(1);
  expect([told.hangUps, told.lookups]).toEqual([1, 1]);
  await pass(SESSION_MS * 2);
  expect([told.hangUps, epoch.ended.aborted]).toEqual([1, false]);
  expect(() => epoch.assertHeld(true)).not.toThrow();
  heartbeats.stop();
});

test('a look-up that nobody answers is given up, and asked again with the next heartbeat', async () => {
  const silence = new Promise<never>(() => undefined);
  const { group, epoch, heartbeats, told } = beating(() => silence, silence);
  heartbeats.start(group, epoch);
  await pass(SESSION_MS * 3);
  expect(told.lookups).toBeGreaterThan(2);
  heartbeats.stop();
});

test('while the group prepares a join the lease is renewed, and kafkajs is made to find out at once', async () => {
  const { group, epoch, heartbeats } = beating(() => Promise.reject(protocolError('REBALANCE_IN_PROGRESS')));
  await pass(SESSION_MS);
  await heartbeats.beat(group, epoch);
  expect(() => epoch.assertHeld(true)).not.toThrow();
  expect([epoch.ended.aborted, group.lastRequest]).toEqual([false, 0]);
});

test.each(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'])('%s ends the epoch', async (type) => {
  const { group, epoch, heartbeats } = beating(() => Promise.reject(protocolError(type)));
  await expect(heartbeats.beat(group, epoch)).rejects.toThrow(type);
  expect([epoch.ended.aborted, group.lastRequest]).toEqual([true, 0]);
});

test.each([
  ['does not coordinate the group any more', protocolError('NOT_COORDINATOR_FOR_GROUP')],
  ['cannot be reached', Object.assign(new Error('closed'), { name: 'KafkaJSConnectionClosedError' })],
])('a coordinator that %s is looked for, renews nothing, and kafkajs is kept quiet', async (_, error) => {
  const { group, epoch, heartbeats, told } = beating(() => Promise.reject(error));
  await pass(SESSION_MS);
  await expect(heartbeats.beat(group, epoch)).rejects.toBe(error);
  expect([told.lookups, epoch.ended.aborted, group.lastRequest]).toEqual([1, false, Date.now()]);
  expect(() => epoch.assertHeld(true)).toThrow();
});
