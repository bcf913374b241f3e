import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { startCluster, type Cluster } from '../../deploy/local/cluster.ts';
import { openReader, type Reader } from '../../src/kafka/kafkajs/reader.ts';
import { CLI, command } from '../support/command.ts';
import { parkByHand } from '../support/park-by-hand.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { stopWithinTransaction, undecidedPartitions } from '../support/stopped-redrive.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const PARTITIONS = 3;
const LETTERS = 600;
/** Beside the life of a redrive's transaction, what a busy machine may take to notice and to end it. */
const SOON_MS = 3_000 + 10_000;

let cluster: Cluster;

beforeAll(async () => {
  // Brokers that end nothing by themselves for as long as a test takes.
  cluster = await startCluster({
    registry: false,
    serverProperties: { 'transaction.abort.timed.out.transaction.cleanup.interval.ms': '3600000' },
  });
  return () => cluster.stop();
});

/** Letters to redrive, beside a service that sends everything; of a live payment only the second attempt succeeds. */
async function withLetters(): Promise<{ world: World; service: ServiceProcess; reader: Reader }> {
  const dead = { when: { paymentId: 'DEAD-*' }, answer: { code: 'PROCESS_FAIL' } as const };
  const rules = [{ when: { paymentId: 'LIVE-*', attempt: 1 }, answer: { code: 'UNKNOWN_EXCEPTION' } as const }];
  const world = await World.create({
    partitions: PARTITIONS,
    bootstrapServers: cluster.bootstrapServers,
    profile: { rules: [dead, ...rules] },
  });
  await world.writeEverywhere(LETTERS / PARTITIONS, 'DEAD');
  const service = await world.start();
  await world.settled(120_000);
  world.simulator.play({ rules });
  const reader = await openReader(world.kafka);
  onTestFinished(() => reader.close());
  return { world, service, reader };
}

function startRedrive(world: World): ChildProcess {
  const env = { PATH: process.env['PATH'], ...world.settings };
  const args = ['dead-letters', 'redrive', '--rate', '60', '--yes'];
  const redrive = spawn(process.execPath, [CLI, ...args], { env, stdio: 'ignore' });
  onTestFinished(() => void redrive.kill('SIGKILL'));
  return redrive;
}

function endedByService({ log }: ServiceProcess) {
  return log.filter(({ event, result }) => event === 'redrive_left_open' && result === 'ended');
}

function delivered(world: World, prefix: string): string[] {
  return world.simulator
    .requests()
    .flatMap(({ answered, paymentId }) =>
      answered === 'S SUCCESS' && paymentId.startsWith(prefix) ? [paymentId] : [],
    );
}

test(
  'live retries go on when the time of its transaction is over, and transactions of others stay as they are',
  { timeout: 240_000 },
  async () => {
    const { world, service, reader } = await withLetters();
    const other = world.kafka.producer({ transactionalId: world.source, maxInFlightRequests: 1, idempotent: true });
    await other.connect();
    const transaction = await other.transaction();
    const copy = { tier: '1s', origin: 0, paymentId: 'OTHER-1', attempts: 1, hops: 1, dueInMs: 0 };
    await parkByHand(world, copy, transaction);
    // Of partition 0 the other one's has been open for longer.
    const heldBack = async () => (await undecidedPartitions(world, reader)).filter((partition) => partition !== 0);
    const redrive = startRedrive(world);
    await stopWithinTransaction(redrive, async () => (await heldBack()).length > 0);
    redrive.kill('SIGKILL');
    await once(redrive, 'close');
    const stood = performance.now();
    const [partition = -1] = await heldBack();
    await world.write(partition, ['LIVE-1']);

    await until('the service to have ended it', () => endedByService(service).length > 0, { withinMs: SOON_MS });
    await until('the live retry', () => delivered(world, 'LIVE-1').length > 0, { withinMs: SOON_MS });
    expect(performance.now() - stood).toBeLessThan(SOON_MS);
    expect(endedByService(service)).toMatchObject([
      {
        level: 'warn',
        transactionalId: `${world.group}.redrive`,
        record: expect.stringContaining('retry.1s') as string,
      },
    ]);

    expect(await undecidedPartitions(world, reader)).toEqual([0]);
    expect(delivered(world, 'OTHER')).toEqual([]);
    await transaction.commit();
    await other.disconnect();
    await until('what the other one has written', () => delivered(world, 'OTHER-1').length > 0);
    await until('the next run to be let in', async () => {
      const run = await command(world.settings, 'dead-letters', 'redrive', '--rate', '1000', '--yes');
      if (!run.errors.includes('another run is under way')) expect(run.code).toBe(0);
      return run.code === 0;
    });
    await world.settled();
    const letters = world.written.flatMap(({ paymentId }) => (paymentId.startsWith('DEAD') ? [paymentId] : []));
    expect(delivered(world, 'DEAD').toSorted()).toEqual(letters.toSorted());
  },
);

test(
  'a redrive that was only frozen finds its transaction gone, and sends each letter once all the same',
  { timeout: 240_000 },
  async () => {
    const { world, service, reader } = await withLetters();
    const redrive = startRedrive(world);
    await stopWithinTransaction(redrive, async () => (await undecidedPartitions(world, reader)).length > 0);
    await until('the service to have ended it', () => endedByService(service).length > 0, { withinMs: SOON_MS });
    const ended = once(redrive, 'close');
    redrive.kill('SIGCONT');
    expect(await ended).toEqual([0, null]);
    await world.settled();
    const letters = world.written.map(({ paymentId }) => paymentId);
    expect(delivered(world, 'DEAD').toSorted()).toEqual(letters.toSorted());
  },
);
