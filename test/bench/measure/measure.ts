import { setTimeout as sleep } from 'node:timers/promises';
import { residentMiB } from '../../support/process-figures.ts';
import { until } from '../../support/until.ts';
import { ceiling, type Cell, type Phase } from '../cells.ts';
import type { Figures } from '../figures.ts';
import { quantile } from '../statistics.ts';
import type { Ground } from './ground.ts';
import { startMembers, type Member } from './members.ts';
import { Source } from './source.ts';
import { watch, watchFromOutside } from './watch.ts';

/** For how long, and how fast. */
export interface Extent {
  /** From the last event until idleness counts. */
  readonly settleSeconds: number;
  readonly idleSeconds: number;
  /** Events a second, and for how long they come. */
  readonly rate: number;
  readonly rateSeconds: number;
  /** Of work at full rate, where the backlog lasts so long. */
  readonly fullSeconds: number;
  /** Before anything counts. */
  readonly warmUpSeconds: number;
  /** The same where lateness counts: code that is not compiled yet is late. */
  readonly rateWarmUpSeconds: number;
}

/** A started cell. */
interface Running {
  readonly ground: Ground;
  readonly cell: Cell;
  readonly extent: Extent;
  readonly members: readonly Member[];
  readonly source: Source;
}

/** Of a backlog that runs out, the last events come unevenly. */
const STEADY_SHARE = 0.9;
const WARM_UP_PER_SECOND = 700;
const SCRAPES = 11;
/** A second's events may come late, but all of them come. */
const ARRIVED_WITHIN_MS = 60_000;

/** Measures one round of a cell in the life of one group of processes, from its start to its end. */
export async function measure(ground: Ground, cell: Cell, extent: Extent, round: number): Promise<Figures> {
  const source = await Source.open(ground, cell.partitions, cell.tiers);
  const group = `${source.topic}-${cell.program}-${cell.node}-${cell.gatewayMs}-${cell.members}-${cell.backlog}-${round}`;
  await ground.gateway.ask({ kind: 'begin', delayMs: cell.gatewayMs, remember: false });
  const askedBefore = ground.registry.asked;
  const members = await startMembers(ground, cell, source.topic, group);
  try {
    const figures = live({ ground, cell, extent, members, source });
    return {
      ...(await Promise.race([figures, ...members.map(({ process }) => process.ended)])),
      ...(cell.program !== 'bare' && { registryRequests: (ground.registry.asked - askedBefore) / members.length }),
    };
  } finally {
    await Promise.all(members.map(({ process }) => process.end()));
    await source.close();
  }
}

async function live(running: Running): Promise<Figures> {
  await warmUp(running);
  let figures: Figures = {};
  for (const phase of running.cell.phases) figures = { ...figures, ...(await MEASURE[phase](running)) };
  return figures;
}

const MEASURE = { idle, rate, backlog } satisfies Record<Phase, (running: Running) => Promise<Figures>>;

/** Compiles what is hot, opens connections, and leaves nothing waiting. */
async function warmUp({ ground, cell, extent, source }: Running): Promise<void> {
  const warmUpSeconds = cell.phases.includes('rate') ? extent.rateWarmUpSeconds : extent.warmUpSeconds;
  if (cell.program === 'bare') {
    await sleep(warmUpSeconds * 1_000);
    await until('the first request', async () => (await sent(ground)) > 0);
    return;
  }
  const count = Math.ceil(warmUpSeconds * Math.min(WARM_UP_PER_SECOND * cell.members, ceiling(cell)));
  await source.write(count);
  await until('the first events to be sent', async () => (await sent(ground)) >= count);
}

async function idle({ ground, members, extent }: Running): Promise<Figures> {
  await sleep(extent.settleSeconds * 1_000);
  const seen = await watchFromOutside(ground, members, () => sleep(extent.idleSeconds * 1_000));
  const percent = (micros: number): number => micros / seen.seconds / 10_000;
  return { idlePercent: percent(seen.cpuMicros), idleBrokerPercent: percent(seen.brokersMicros) };
}

async function rate({ ground, cell, members, extent, source }: Running): Promise<Figures> {
  const { gateway } = ground;
  await gateway.ask({ kind: 'begin', delayMs: cell.gatewayMs, remember: true });
  const latencies: number[] = [];
  const seen = await watch(ground, members, async () => {
    const written = await source.writeAtRate(extent.rate, extent.rateSeconds);
    const arrivals = await until(
      'all of them to be sent',
      async () => {
        const { arrivals: came } = await gateway.ask({ kind: 'arrivals' });
        return came.length >= written.size && came;
      },
      { withinMs: ARRIVED_WITHIN_MS, everyMs: 100 },
    );
    latencies.push(...arrivals.map(([id, atMs]) => atMs - (written.get(id) ?? Number.NaN)));
  });
  const events = latencies.length;
  return {
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    p999Ms: quantile(latencies, 0.999),
    rateCpuMicros: seen.cpuMicros / events,
    rateGarbageKB: seen.allocatedBytes / events / 1_000,
    rateBrokerMicros: seen.brokersMicros / events,
  };
}

async function backlog({ ground, cell, members, extent, source }: Running): Promise<Figures> {
  await ground.gateway.ask({ kind: 'begin', delayMs: cell.gatewayMs, remember: false });
  const isBare = cell.program === 'bare';
  const steady = isBare ? Number.POSITIVE_INFINITY : STEADY_SHARE * (await writeBacklog(ground, source, cell.backlog));
  const deadline = performance.now() + extent.fullSeconds * 1_000;
  let memoryMiB = Number.NaN;
  const seen = await watch(ground, members, async () => {
    await until(
      'the steady part to be over',
      async () => {
        const count = await sent(ground);
        return count >= steady || (count > 0 && performance.now() >= deadline);
      },
      { everyMs: 50, withinMs: Number.POSITIVE_INFINITY },
    );
    memoryMiB = Math.max(...members.map(({ process }) => residentMiB(process.pid, 'most')));
  });
  const events = seen.requests.reduce((sum, count) => sum + count, 0);
  const [first] = members;
  return {
    cpuMicros: seen.cpuMicros / events,
    perSecond: events / seen.seconds,
    lagMs: seen.lagP99Ms,
    garbageKB: seen.allocatedBytes / events / 1_000,
    memoryMiB,
    brokerMicros: isBare ? Number.NaN : seen.brokersMicros / events,
    gatewayMicros: seen.gatewayMicros / events,
    strangersPercent: seen.strangers * 100,
    ...(members.length > 1 && { leastShare: (Math.min(...seen.requests) / events) * members.length }),
    ...(first?.metricsUrl !== undefined && { scrapeMs: await scrapeMs(first.metricsUrl) }),
  };
}

/** Written while it is worked on; once more where that was faster. @returns how many were written */
async function writeBacklog(ground: Ground, source: Source, count: number): Promise<number> {
  let written = 0;
  do {
    await source.write(count);
    written += count;
  } while ((await sent(ground)) > written / 2);
  return written;
}

async function sent({ gateway }: Ground): Promise<number> {
  const { requests } = await gateway.ask({ kind: 'count' });
  return Object.values(requests).reduce((sum, count) => sum + count, 0);
}

/** The median of many, as Prometheus waits for it. */
async function scrapeMs(url: string): Promise<number> {
  const took: number[] = [];
  for (let scrape = 0; scrape < SCRAPES; scrape += 1) {
    const began = performance.now();
    await (await fetch(url)).text();
    took.push(performance.now() - began);
  }
  return quantile(took, 0.5);
}
