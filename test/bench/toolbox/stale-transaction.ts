import { setTimeout as sleep } from 'node:timers/promises';
import { openReader, type Reader } from '../../../src/kafka/kafkajs/reader.ts';
import { ON_ITS_WAY_MS, stopWithinTransaction, undecidedPartitions } from '../../support/stopped-redrive.ts';
import { until } from '../../support/until.ts';
import { World } from '../../support/world.ts';
import { assertEnded, seconds, SERVICE, type Ground, type Measured } from './ground.ts';
import { inWords, type Latencies } from './latencies.ts';
import { redrive, sendingRedrive } from './redrive-run.ts';

const RETRIES = 'retry.1s';
/** Few, so that a transaction stands in the way of many. */
const PARTITION_COUNT = 3;
const LIVE_EVERY_MS = 30;
const ALONE_MS = 15_000;
const KILLS = 3;
const PACED = ['--rate', '60'];
/** Letters of each run: more than it sends until it is killed. */
const LETTERS_OF_A_RUN = 600;

/** What a redrive, and a redrive that is killed within a transaction, cost live retries of the topic it writes to. */
export async function measureStaleTransaction(ground: Ground): Promise<Measured> {
  const { tell } = ground;
  const rules = [
    { when: { paymentId: 'DEAD-*' }, answer: { code: 'PROCESS_FAIL' } as const },
    { when: { paymentId: 'LIVE-*', attempt: 1 }, answer: { code: 'UNKNOWN_EXCEPTION' } as const },
  ];
  const world = await World.create({ ...ground, partitions: PARTITION_COUNT, profile: { rules }, settings: SERVICE });
  tell(`transaction: ${(KILLS + 1) * LETTERS_OF_A_RUN} events become dead letters`);
  await world.writeEverywhere(((KILLS + 1) * LETTERS_OF_A_RUN) / PARTITION_COUNT, 'DEAD');
  await world.start();
  await world.settled(300_000);
  world.simulator.play({ rules: rules.slice(1) });
  const reader = await openReader(world.kafka);
  const ending = new AbortController();
  const live = writeLive(world, ending.signal);
  try {
    const phases: { readonly from: number; readonly to: number }[] = [];
    const phase = async (what: string, work: () => Promise<void>): Promise<void> => {
      tell(`transaction: ${what}`);
      const from = Date.now();
      await work();
      // What came at the end of it is sent after its delay.
      await sleep(2_000);
      phases.push({ from, to: Date.now() });
    };
    await phase('live retries alone', () => sleep(ALONE_MS));
    await phase('beside a redrive', async () =>
      assertEnded(await redrive(world, ...PACED, '--max', String(LETTERS_OF_A_RUN)).ended),
    );
    const stood: number[] = [];
    for (let kill = 1; kill <= KILLS; kill += 1) {
      await phase(`beside a redrive that is killed within a transaction, ${kill} of ${KILLS}`, async () => {
        stood.push(await killWithinTransaction(world, reader));
        tell(`transaction: it was open for ${seconds(stood.at(-1) ?? 0)}`);
      });
    }
    ending.abort();
    await live;
    await world.settled();
    const late = await latenesses(world);
    const [alone, beside, ...killed] = phases.map(({ from, to }) =>
      late.flatMap(({ due, ms }) => (due >= from && due < to ? [ms] : [])),
    );
    const row = (name: string, ms: Latencies = [], wanted = ''): Measured['figures'][number] => {
      return { name, measured: inWords(ms), wanted };
    };
    return {
      figures: [
        row('live retries behind their time, alone', alone),
        row('  beside a redrive', beside),
        row(`  beside ${KILLS} redrives killed within a transaction`, killed.flat(), 'not longer than beside one'),
        {
          name: '  time until what was left open was ended',
          measured: stood.map(seconds).join(', '),
          wanted: '',
        },
      ],
      violations: [],
    };
  } finally {
    ending.abort();
    await Promise.all([live, reader.close()]);
  }
}

/** Payments whose first attempt has no clear result, one after the other to each partition. */
async function writeLive(world: World, ending: AbortSignal): Promise<void> {
  for (let number = 0; !ending.aborted; number += 1) {
    await world.write(number % PARTITION_COUNT, [`LIVE-${number}`]);
    await sleep(LIVE_EVERY_MS, undefined, { signal: ending }).catch(() => undefined);
  }
}

/**
 * Starts a redrive and kills it while a transaction of its is open.
 *
 * @returns how long the transaction stood open, in milliseconds
 */
async function killWithinTransaction(world: World, reader: Reader): Promise<number> {
  const run = await sendingRedrive(world, ...PACED);
  const isOpen = async (): Promise<boolean> => (await undecidedPartitions(world, reader)).length > 0;
  await stopWithinTransaction(run.process, isOpen);
  const began = performance.now() - ON_ITS_WAY_MS;
  run.process.kill('SIGKILL');
  await run.ended;
  await until('the transaction to be ended', async () => !(await isOpen()), { withinMs: 120_000 });
  return performance.now() - began;
}

/** Of every live payment's second attempt: when it was due, in epoch milliseconds, and how much later it came. */
async function latenesses(world: World): Promise<{ readonly due: number; readonly ms: number }[]> {
  const copies = await world.records(RETRIES);
  const dues = new Map(copies.map(({ key, text }) => [key?.toString() ?? '', Number(text['notifier-not-before'])]));
  return world.simulator.requests().flatMap(({ paymentId, attempt, at }) => {
    const due = dues.get(paymentId);
    return attempt === 2 && due !== undefined && paymentId.startsWith('LIVE-') ? [{ due, ms: at - due }] : [];
  });
}
