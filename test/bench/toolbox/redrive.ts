import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sampleEvent } from '../../../src/cli/sample-events.ts';
import { temporaryFolder } from '../../support/keys.ts';
import { World } from '../../support/world.ts';
import { assertEnded, PARTITIONS, seconds, SERVICE, type Ground, type Measured } from './ground.ts';
import { judgeRedrive, type RedriveJudged } from './judge-redrive.ts';
import { isRefused, redrive, sendingRedrive } from './redrive-run.ts';

const KILLS = 3;
const REFUSED_TIMES = 5;
const KEYS_OF_A_PARTITION = 10;
/** A run that nobody kills would send for so long. */
const SENDS_FOR_S = 24;
/** A run is killed within so long after it has begun to send; the fourth one finds something left to send. */
const KILLED_WITHIN_MS = 5_000;

/** A redrive that is killed three times and then finished, and what a second run is told meanwhile. */
export async function measureRedrive(ground: Ground, { letters }: { readonly letters: number }): Promise<Measured> {
  const { tell, random } = ground;
  const world = await worldWithLetters(ground, letters);
  world.simulator.play({});
  const rate = Math.ceil(letters / SENDS_FOR_S);
  const plan = join(temporaryFolder(), 'plan.json');
  const args = ['--plan', plan, '--rate', String(rate)];
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const run = await sendingRedrive(world, ...args);
    await sleep(random.between(0, KILLED_WITHIN_MS));
    run.process.kill('SIGKILL');
    await run.ended;
    tell(`redrive: killed after ${(await world.records('retry.1s')).length} of ${letters} letters`);
  }
  const last = await sendingRedrive(world, ...args);
  const refusals = [];
  for (let time = 1; time <= REFUSED_TIMES; time += 1) {
    refusals.push(await redrive(world).ended);
  }
  assertEnded(await last.ended);
  tell('redrive: all is sent; waiting until it is settled');
  await world.settled(300_000);
  const judged = await judge(world);
  const idle = await redrive(world, '--help').ended;
  return {
    figures: [
      {
        name: `redrive of ${letters} letters, killed ${KILLS} times`,
        measured: `${judged.never.length} never sent, ${judged.repeated.length} more than once`,
        wanted: 'each exactly once',
      },
      {
        name: '  order of keys',
        measured: `${judged.disordered.length} of ${judged.keys} keys out of order`,
        wanted: 'kept',
      },
      {
        name: `  second run refused, longest of ${REFUSED_TIMES}`,
        measured: seconds(Math.max(...refusals.map(({ tookMs }) => tookMs))),
        wanted: 'under 1 s',
      },
      { name: '  the same command with --help, which asks nobody', measured: seconds(idle.tookMs), wanted: '' },
    ],
    violations: [
      ...violationsOf(judged),
      ...refusals.flatMap((run) => (isRefused(run) ? [] : [`a second run was not refused: ${run.errors}`])),
    ],
  };
}

/** Events of few keys that the gateway has refused for good. */
async function worldWithLetters(ground: Ground, letters: number): Promise<World> {
  const { tell, progress } = ground;
  const profile = { default: { code: 'PROCESS_FAIL' } } as const;
  const world = await World.create({ ...ground, partitions: PARTITIONS, profile, settings: SERVICE });
  tell(`redrive: ${letters} events become dead letters`);
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const count = Math.floor(letters / PARTITIONS) + (partition < letters % PARTITIONS ? 1 : 0);
    const events = Array.from({ length: count }, (_, at) => {
      const paymentId = `P-${partition}-${at}`;
      const key = `K-${partition}-${at % KEYS_OF_A_PARTITION}`;
      return { paymentId, key, value: world.encode(sampleEvent(paymentId, true)) };
    });
    await world.writeRaw(partition, events);
  }
  await world.start();
  const counting = setInterval(() => progress(() => `${world.simulator.requests().length} of ${letters} refused`), 500);
  await world.settled(600_000).finally(() => clearInterval(counting));
  return world;
}

async function judge(world: World): Promise<RedriveJudged> {
  const copies = await world.records('retry.1s');
  const letters = await world.records('dead-letter');
  return judgeRedrive({
    events: world.written.map(({ partition, offset, key, paymentId }) => {
      return { key, paymentId, origin: `${partition}:${offset}` };
    }),
    delivered: world.simulator
      .requests()
      .flatMap(({ answered, paymentId }) => (answered === 'S SUCCESS' ? [paymentId] : [])),
    copies: copies.map(({ text }) => `${text['notifier-origin-partition']}:${text['notifier-origin-offset']}`),
    closes: letters.flatMap(({ text }) => text['notifier-closes'] ?? []),
  });
}

function violationsOf({ never, repeated, disordered }: RedriveJudged): string[] {
  const first = (what: string, names: readonly string[]): string[] =>
    names.length === 0 ? [] : [`${what}: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}`];
  return [
    ...first('never sent', never),
    ...first('sent more than once', repeated),
    ...first('out of order', disordered),
  ];
}
