import { cpuMicros, residentMiB } from '../../support/process-figures.ts';
import { until } from '../../support/until.ts';
import { World } from '../../support/world.ts';
import { writeMany } from './bulk.ts';
import { assertEnded, operate, PARTITIONS, seconds, SERVICE, type Ground, type Measured } from './ground.ts';

const TRACED = 'TRACED-1';
const TIMES = 3;
const KINDS = ['source', 'copy', 'outcome'];
const LOOKS_EVERY_MS = 20;

/** How long `trace` takes to tell of one payment, delivered at its second attempt, among so many records. */
export async function measureTrace(ground: Ground, { records }: { readonly records: number }): Promise<Measured> {
  const { tell, progress } = ground;
  const rules = [{ when: { paymentId: TRACED, attempt: 1 }, answer: { code: 'UNKNOWN_EXCEPTION' } as const }];
  const world = await World.create({ ...ground, partitions: PARTITIONS, profile: { rules } });
  tell(`trace: writing ${records} records to ${PARTITIONS} partitions`);
  await writeMany(world, 'OTHER', records, (written) => progress(() => `${written} of ${records} written`));
  const service = await world.start({ ...SERVICE, START_FROM: 'latest' });
  await world.write(0, [TRACED]);
  await until('the payment to be delivered', () =>
    world.simulator.requests().some(({ answered }) => answered === 'S SUCCESS'),
  );
  await world.settled();
  await service.end();

  const runs: TraceRun[] = [];
  const violations: string[] = [];
  for (let run = 1; run <= TIMES; run += 1) {
    tell(`trace: run ${run} of ${TIMES}`);
    const traced = await traceOnce(world);
    runs.push(traced);
    violations.push(...wrongIn(traced.told));
  }
  const most = (of: (run: TraceRun) => number): number => Math.max(...runs.map(of));
  const among = `trace of one payment among ${records} records over ${PARTITIONS} partitions`;
  return {
    figures: [
      { name: `${among}, longest of ${TIMES}`, measured: seconds(most(({ tookMs }) => tookMs)), wanted: 'under 20 s' },
      { name: '  CPU time of it', measured: seconds(most(({ cpuMs }) => cpuMs)), wanted: '' },
      {
        name: '  memory of it at its highest',
        measured: `${most(({ peakMiB }) => peakMiB).toFixed(0)} MiB`,
        wanted: 'under 300 MiB',
      },
    ],
    violations,
  };
}

interface Told {
  readonly verdict: string;
  readonly complete: boolean;
  readonly history: readonly { readonly kind: string }[];
}

interface TraceRun {
  readonly tookMs: number;
  readonly cpuMs: number;
  readonly peakMiB: number;
  readonly told: Told;
}

async function traceOnce(world: World): Promise<TraceRun> {
  const { process: child, ended } = operate(world, 'trace', TRACED, '--json');
  const { pid = 0 } = child;
  let [cpuMs, peakMiB] = [0, 0];
  const look = (): void => {
    try {
      // What has ended but was not waited for has no memory any more.
      peakMiB = Math.max(peakMiB, residentMiB(pid, 'most'));
      cpuMs = Math.max(cpuMs, cpuMicros(pid) / 1_000);
    } catch {
      // It has just ended.
    }
  };
  const looking = setInterval(look, LOOKS_EVERY_MS);
  const run = await ended.finally(() => clearInterval(looking));
  assertEnded(run);
  return { tookMs: run.tookMs, cpuMs, peakMiB, told: JSON.parse(run.output) as Told };
}

function wrongIn({ verdict, complete, history }: Told): string[] {
  const missing = KINDS.filter((kind) => !history.some((entry) => entry.kind === kind));
  return [
    ...(verdict === 'delivered' ? [] : [`trace says ${verdict} of a payment that was delivered`]),
    ...(complete ? [] : ['trace did not read everything']),
    ...(missing.length === 0 ? [] : [`trace has not found: ${missing.join(', ')}`]),
  ];
}
