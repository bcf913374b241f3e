import type { Kafka } from 'kafkajs';
import { expect, onTestFinished, test } from 'vitest';
import { kafkajs } from '../../../src/kafka/kafkajs/patched.ts';
import { openGroupNote } from '../../../src/kafka/kafkajs/group-note.ts';
import { openReader } from '../../../src/kafka/kafkajs/reader.ts';
import { createTransactions } from '../../../src/kafka/produce/transactions.ts';
import { Cluster, type ClusterOptions } from '../../simulation/brokers/cluster.ts';
import { ERROR } from '../../simulation/brokers/error-codes.ts';
import type { Fact } from '../../simulation/brokers/facts.ts';
import { directSockets } from '../../simulation/conformance/direct-sockets.ts';
import { RawClient } from '../../simulation/conformance/raw-client.ts';
import { fetchRequest, listRequest, produceRequest } from '../../simulation/conformance/scripts/records.ts';
import { pseudoRandom } from '../../simulation/conformance/simulated.ts';
import { METADATA, Stage } from '../../simulation/conformance/stage.ts';
import { until } from '../../support/until.ts';

/** Three brokers, and topic `t` of one partition on all of them, led by the first. */
function clusterOf(settings: ClusterOptions['settings'] = {}, configs: Record<string, string> = {}): Cluster {
  const cluster = new Cluster({ brokers: 3, random: pseudoRandom(3), settings });
  cluster.createTopic('t', { partitions: 1, assignments: [[1, 2, 3]], configs });
  return cluster;
}

function connect(cluster: Cluster, node: number): Promise<RawClient> {
  return new Promise((resolve) => {
    const socket = directSockets(cluster)({
      ...{ host: `broker-${node}`, port: 9_092, ssl: {} },
      onConnect: () => resolve(new RawClient(socket, 'test')),
    });
  });
}

function clientOf(cluster: Cluster): Kafka {
  return new kafkajs.Kafka({
    ...{ clientId: 'test', brokers: cluster.addresses, socketFactory: directSockets(cluster) },
    ...{ logLevel: kafkajs.logLevel.NOTHING, retry: { initialRetryTime: 10, maxRetryTime: 50, retries: 30 } },
  });
}

const batches = new Stage({} as Stage['brokers'], 'batches');
const written = (texts: readonly string[]) => produceRequest('t', batches.batch(texts));

function record(key: string, value: string | null) {
  return { key: Buffer.from(key), value: value === null ? null : Buffer.from(value), timestamp: Date.now() };
}

function values(cluster: Cluster): (string | undefined)[] {
  return cluster.logs.records('t', 0).map(({ value }) => value?.toString());
}

test('a record is neither acknowledged nor read before all replicas in sync have it', async () => {
  const cluster = clusterOf({ replicationMs: () => 1_000_000 });
  const [writer, reader] = [await connect(cluster, 1), await connect(cluster, 1)];
  let isAcknowledged = false;
  const acknowledged = writer.ask('Produce', written(['a'])).then((answer) => {
    isAcknowledged = true;
    return answer.topics[0]?.partitions[0];
  });
  await until('the leader to have it', () => cluster.logs.offsets('t', 0).end === 1);
  expect(isAcknowledged).toBe(false);
  const early = await reader.ask('Fetch', fetchRequest('t', 0));
  expect(early.topics[0]?.partitions[0]).toMatchObject({ highWatermark: 0, records: Buffer.alloc(0) });
  cluster.logs.append('t', 0, [record('k', 'b')]);
  expect(await acknowledged).toMatchObject({ errorCode: ERROR.NONE, baseOffset: 0 });
  const late = await reader.ask('Fetch', fetchRequest('t', 0));
  expect(late.topics[0]?.partitions[0]?.highWatermark).toBe(2);
});

test('what only a leader has may be lost with it, and what was acknowledged never is', async () => {
  const seen = new Set<number>();
  for (let draw = 0; draw < 20; draw += 1) {
    let replicationMs = 0;
    const cluster = new Cluster({
      ...{ brokers: 3, random: pseudoRandom(draw * 7_919), settings: { replicationMs: () => replicationMs } },
    });
    cluster.createTopic('t', { partitions: 1, assignments: [[1, 2, 3]] });
    cluster.logs.append('t', 0, [record('k', 'safe')]);
    replicationMs = 1_000_000;
    const writer = await connect(cluster, 1);
    const refused = ['x', 'y'].map((text) => writer.ask('Produce', { ...written([text]), acks: 1 }));
    await Promise.all(refused);
    cluster.moveLeader('t', 0, 2);
    expect(values(cluster)[0]).toBe('safe');
    expect([['safe'], ['safe', 'x'], ['safe', 'x', 'y']]).toContainEqual(values(cluster));
    seen.add(values(cluster).length);
  }
  expect(seen).toEqual(new Set([1, 2, 3]));
});

test('who waits for an acknowledgement hears when the leader goes', async () => {
  const cluster = clusterOf({ replicationMs: () => 1_000_000 });
  const writer = await connect(cluster, 1);
  const answer = writer.ask('Produce', written(['a']));
  await until('the leader to have it', () => cluster.logs.offsets('t', 0).end === 1);
  cluster.moveLeader('t', 0, 2);
  expect((await answer).topics[0]?.partitions[0]?.errorCode).toBe(ERROR.NOT_LEADER_OR_FOLLOWER);
});

test('a dead broker holds its partitions up until it is given up, and comes back behind the others', async () => {
  let catchUpMs = 1_000_000;
  const cluster = clusterOf({ failoverMs: () => 1_000_000, catchUpMs: () => catchUpMs });
  const writer = await connect(cluster, 1);
  await writer.ask('Produce', written(['a']));
  cluster.stopBroker(3, 'kill');
  const answer = writer.ask('Produce', written(['b']));
  await until('the leader to have it', () => cluster.logs.offsets('t', 0).end === 2);
  expect(cluster.logs.offsets('t', 0).highWatermark).toBe(1);
  cluster.startBroker(3);
  expect((await answer).topics[0]?.partitions[0]?.errorCode).toBe(ERROR.NONE);
  const reader = await connect(cluster, 3);
  const behind = await reader.ask('Fetch', fetchRequest('t', 2));
  expect(behind.topics[0]?.partitions[0]?.errorCode).toBe(ERROR.OFFSET_OUT_OF_RANGE);
  cluster.stopBroker(3, 'clean');
  catchUpMs = 0;
  cluster.startBroker(3);
  const again = await connect(cluster, 3);
  const caughtUp = await again.ask('Fetch', fetchRequest('t', 2));
  expect(caughtUp.topics[0]?.partitions[0]).toMatchObject({ errorCode: ERROR.NONE, highWatermark: 2 });
});

test('whatever dies and comes back when, what was acknowledged stays, and all goes on once all are back', async () => {
  for (let seed = 0; seed < 40; seed += 1) {
    const random = pseudoRandom(seed * 104_729);
    const few = (): number => Math.floor(random() * 3);
    const settings = { failoverMs: few, catchUpMs: few, replicationMs: few, loadMs: few };
    const cluster = new Cluster({ brokers: 3, random, settings });
    cluster.createTopic('t', { partitions: 1, assignments: [[1, 2, 3]] });
    const acknowledged: string[] = [];
    for (let step = 0; step < 25; step += 1) {
      const node = 1 + Math.floor(random() * 3);
      if (cluster.isUp(node)) cluster.stopBroker(node, random() < 0.7 ? 'kill' : 'clean');
      else cluster.startBroker(node);
      const leader = cluster.leader('t', 0);
      if (!cluster.isUp(leader)) continue;
      const client = await connect(cluster, leader);
      const answer = client.ask('Produce', written([`${step}`])).then(
        ({ topics }) => topics[0]?.partitions[0],
        () => undefined,
      );
      const soon = new Promise<undefined>((go) => setTimeout(() => go(undefined), 5));
      const taken = await Promise.race([answer, soon]);
      if (taken?.errorCode === ERROR.NONE) acknowledged[taken.baseOffset] = `${step}`;
      client.close();
    }
    for (const node of [1, 2, 3]) if (!cluster.isUp(node)) cluster.startBroker(node);
    await until(`everything to be replicated, seed ${seed}`, () => {
      const { highWatermark, end } = cluster.logs.offsets('t', 0);
      return highWatermark === end;
    });
    const kept = values(cluster);
    acknowledged.forEach((text, offset) => expect(kept[offset], `seed ${seed}`).toBe(text));
    const client = await connect(cluster, cluster.leader('t', 0));
    const last = await client.ask('Produce', written(['last']));
    expect(last.topics[0]?.partitions[0]?.errorCode).toBe(ERROR.NONE);
  }
});

test('connections end with their broker, and clients go elsewhere', async () => {
  const cluster = clusterOf();
  const producer = clientOf(cluster).producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  onTestFinished(() => producer.disconnect());
  await producer.send({ topic: 't', messages: [{ value: 'a' }] });
  cluster.stopBroker(1, 'clean');
  await producer.send({ topic: 't', messages: [{ value: 'b' }] });
  cluster.startBroker(1);
  cluster.stopBroker(cluster.leader('t', 0), 'kill');
  await producer.send({ topic: 't', messages: [{ value: 'c' }] });
  expect(values(cluster)).toEqual(['a', 'b', 'c']);
});

test('a broker tells what it has heard, and leads only what it knows of', async () => {
  let newsMs = 0;
  const cluster = clusterOf({ newsMs: () => newsMs });
  const [one, two] = [await connect(cluster, 1), await connect(cluster, 2)];
  newsMs = 1_000_000;
  cluster.moveLeader('t', 0, 2);
  const told = async (client: RawClient) =>
    (await client.ask('Metadata', METADATA(['t']))).topics[0]?.partitions[0]?.leaderId;
  expect(await told(one)).toBe(1);
  const early = await two.ask('Produce', written(['a']));
  expect(early.topics[0]?.partitions[0]?.errorCode).toBe(ERROR.NOT_LEADER_OR_FOLLOWER);
  newsMs = 0;
  cluster.addPartitions('t', 2);
  expect([await told(one), await told(two)]).toEqual([2, 2]);
  const late = await two.ask('Produce', written(['a']));
  expect(late.topics[0]?.partitions[0]?.errorCode).toBe(ERROR.NONE);
});

test('compaction leaves offsets where they are, and gaps between them', async () => {
  const cluster = clusterOf({}, { 'cleanup.policy': 'compact' });
  cluster.logs.append('t', 0, [record('a', '1'), record('b', '2'), record('a', '3')]);
  cluster.logs.append('t', 0, [record('b', '4'), record('c', '5'), record('d', '6')]);
  cluster.logs.append('t', 0, [record('d', null)]);
  cluster.logs.compact('t', 0);
  expect(cluster.logs.records('t', 0).map(({ offset, value }) => [offset, value?.toString()])).toEqual([
    [2, '3'],
    [3, '4'],
    [4, '5'],
  ]);
  const reader = await openReader(clientOf(cluster));
  onTestFinished(() => reader.close());
  await reader.layouts(['t']);
  const [found] = await reader.fetch(1, [{ topic: 't', partition: 0, next: 0 }]);
  expect(found?.messages.filter(({ value }) => value !== null).map(({ offset }) => offset)).toEqual(['2', '3', '4']);
});

test('what a topic keeps no longer is gone', () => {
  const cluster = clusterOf({}, { 'retention.ms': '1000' });
  cluster.logs.append('t', 0, [{ ...record('a', 'old'), timestamp: Date.now() - 5_000 }]);
  cluster.logs.append('t', 0, [record('b', 'new')]);
  cluster.logs.expire();
  expect(values(cluster)).toEqual(['new']);
  expect(cluster.logs.offsets('t', 0)).toMatchObject({ start: 1, end: 2 });
});

test('a throttled client is told, and waited with', async () => {
  const cluster = clusterOf();
  cluster.throttle((clientId) => (clientId === 'test' ? 80 : 0));
  const client = await connect(cluster, 1);
  const startedAt = performance.now();
  const answer = await client.ask('Fetch', fetchRequest('t', 0));
  expect(answer.throttleTimeMs).toBe(80);
  await client.ask('ListOffsets', listRequest('t', -1));
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(79);
});

test('a transaction that nobody ends is ended by its coordinator', async () => {
  const facts: Fact[] = [];
  const cluster = clusterOf({ transactionCleanupMs: 20 });
  cluster.on((fact) => facts.push(fact));
  const producer = clientOf(cluster).producer({
    ...{ transactionalId: 'id', idempotent: true, maxInFlightRequests: 1, transactionTimeout: 50 },
  });
  await producer.connect();
  onTestFinished(() => producer.disconnect());
  const transaction = await producer.transaction();
  await transaction.send({ topic: 't', messages: [{ value: 'a' }] });
  expect(cluster.logs.records('t', 0)[0]?.transaction).toBe('open');
  expect(cluster.logs.offsets('t', 0)).toMatchObject({ lastStable: 0, highWatermark: 1 });
  await until('it to be ended', () => cluster.logs.offsets('t', 0).lastStable === 2);
  expect(cluster.logs.records('t', 0)[0]?.transaction).toBe('aborted');
  expect(facts.flatMap((fact) => (fact.kind === 'transaction' ? [fact.state] : []))).toEqual([
    ...['Ongoing', 'PrepareAbort', 'CompleteAbort'],
  ]);
  await expect(transaction.send({ topic: 't', messages: [{ value: 'b' }] })).rejects.toThrow();
});

test('what this service writes in transactions, notes and reads is understood', async () => {
  const cluster = clusterOf({ markerMs: () => 5 });
  const kafka = clientOf(cluster);
  const transactions = createTransactions(kafka, 'redrive');
  onTestFinished(() => transactions.close());
  const outgoing = { topic: 't', partition: 0, key: Buffer.from('k'), headers: {} };
  await transactions.begin();
  await transactions.write([{ ...outgoing, value: Buffer.from('a') }]);
  await transactions.write([{ ...outgoing, value: Buffer.from('b') }]);
  const again = createTransactions(kafka, 'redrive');
  onTestFinished(() => again.close());
  await again.begin();
  await expect(transactions.write([{ ...outgoing, value: Buffer.from('c') }])).rejects.toThrow();
  await again.write([{ ...outgoing, value: Buffer.from('d') }]);
  await until('all to have ended', () => cluster.logs.offsets('t', 0).lastStable === cluster.logs.offsets('t', 0).end);

  const reader = await openReader(kafka);
  onTestFinished(() => reader.close());
  expect(await reader.topics()).toContain('t');
  const [layout] = await reader.layouts(['t']);
  expect(layout?.partitions).toEqual([{ partition: 0, leader: 1 }]);
  const [found] = await reader.fetch(1, [{ topic: 't', partition: 0, next: 0 }]);
  const visible = (found?.messages ?? []).filter(({ isControlRecord }) => !isControlRecord);
  expect(visible.map(({ value }) => value?.toString())).toEqual(['a', 'b', 'd']);

  const note = await openGroupNote(kafka, 'group', 't');
  onTestFinished(() => note.close());
  await note.write('since yesterday');
  expect(await note.read()).toBe('since yesterday');
  expect(await reader.committed('group', ['t'])).toEqual(new Map([['t:0', 0]]));
});
