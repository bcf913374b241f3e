import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '../../deploy/local/broker.ts';
import { LOCAL } from '../../deploy/local/layout.ts';
import { nodeUnderTestVersion } from '../support/node-under-test.ts';
import { tcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';
import type { Evidence } from './evidence.ts';
import { FaultLog } from './fault-log.ts';
import { figuresOf, holds, type Figures, type RunOptions } from './figures.ts';
import { Gatherer, newsOfGroup, toldInLogs } from './gather.ts';
import { judge, type Judgement } from './judge.ts';
import { everydayProfile, Load } from './load.ts';
import { Members } from './members.ts';
import { Random } from './random.ts';
import { makeFaults, type Pace } from './schedule.ts';
import type { Progress } from './tell.ts';
import { Watch } from './watch.ts';

/** Where the figures of every run are. */
export const FIGURES_FOLDER = `${LOCAL}/chaos`;

const PARTITIONS = 8;
const KEY_CONCURRENCY = 4;
/** Of one member and the next in turn: a change of it that is never rolled out to its end. */
const RETRY_DELAYS = ['1s,2s,4s', '1s,3s'];
const SESSION_TIMEOUT_MS = 8_000;
const GATEWAY_TIMEOUT_MS = 2_000;
const FIRST_MEMBERS = 3;
const PROGRESS_MS = 2_000;
/** The gateway's simulator shares the thread with the judge, who needs a second for 100,000 records. */
const LOOKS = { most: 10, leastMs: 60_000 };
const SETTLE_LIMIT_MS = 180_000;

/** How often faults come: members on one track, what is around them on another. */
export interface Paces {
  readonly members: Pace;
  readonly surroundings: Pace;
}

/** A rebalance every few seconds, a kill every half a minute, a broker restart every minute or two. */
export function usualPaces(brokers: 1 | 3): Paces {
  return {
    members: { weights: { kill: 3, freeze: 1, roll: 4, join: 2, leave: 2 }, pauseMs: [2_000, 6_000] },
    surroundings: {
      weights: {
        ...{ broker_kill: 1, broker_restart: 1, leaders_move: brokers === 3 ? 1 : 0, partitions_added: 1 },
        ...{ registry_down: 1, gateway_down: 2, systemic: 2, rate_cap: 2 },
      },
      pauseMs: [6_000, 14_000],
    },
  };
}

/** What a run stands on and whom it tells. */
export interface Ground {
  readonly bootstrapServers: string;
  readonly registryUrl: string;
  /** Those that may be broken. */
  readonly brokers: readonly Broker[];
  readonly command: string;
  readonly onEnd: (end: () => Promise<void>) => void;
  readonly tell: (what: string) => void;
  readonly onProgress: (progress: Progress) => void;
}

/** A run, judged. */
export interface Outcome {
  readonly figures: Figures;
  readonly judgement: Judgement;
  /** Holds the members' logs where an invariant did not hold. */
  readonly folder: string;
}

/** Breaks everything for some minutes, heals it, waits until all is settled, and judges. */
export async function runChaos(options: RunOptions, paces: Paces, ground: Ground): Promise<Outcome> {
  const startedAt = Date.now();
  const stamp = new Date(startedAt).toISOString().replace(/\.\d+Z$/, 'Z');
  const folder = `${FIGURES_FOLDER}/${stamp.replaceAll(':', '')}-${options.seed}`;
  mkdirSync(folder, { recursive: true });
  const { world, registryWay, gatewayWay, settings } = await makeWorld(options, ground);
  const faults = new FaultLog();
  const members = new Members(world, faults, folder, settings, RETRY_DELAYS);
  for (let count = 0; count < FIRST_MEMBERS; count += 1) await members.start();
  await members.ready();

  const gatherer = new Gatherer(world);
  const load = await Load.create(world, new Random(options.seed, 'load'), options.rate, ground.registryUrl);
  const watch = new Watch(world, load, faults);
  const random = (stream: string): Random => new Random(options.seed, stream);
  const { brokers, tell } = ground;
  const stage = {
    world,
    members,
    faults,
    brokers,
    registryWay,
    gatewayWay,
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    tell,
  };

  const evidence = async (settled: boolean, loadTo = Infinity): Promise<Evidence> => {
    const acknowledged = [...load.payments];
    const seen = await gatherer.look();
    const { evictions } = newsOfGroup(brokers, world.group, faults.all(), startedAt, SESSION_TIMEOUT_MS);
    return {
      ordering: options.ordering,
      concurrency: options.ordering === 'key' ? KEY_CONCURRENCY : 1,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      gatewayTimeoutMs: GATEWAY_TIMEOUT_MS,
      acknowledged,
      ...seen,
      told: [...seen.told, ...toldInLogs(folder)],
      faults: [...faults.all(), ...evictions],
      load: { from: loadFrom, to: Math.min(loadTo, seen.requests.at(-1)?.at ?? 0) },
      settled,
    };
  };

  const loadFrom = Date.now();
  const endsAt = loadFrom + options.minutes * 60_000;
  const ending = new AbortController();
  const healed = new AbortController();
  const looks = repeat(Math.max(LOOKS.leastMs, (options.minutes * 60_000) / LOOKS.most), healed.signal, async () => {
    const judgement = judge(await evidence(false));
    for (const violation of watch.judged(judgement)) tell(violation);
  });
  const progress = repeat(PROGRESS_MS, healed.signal, async () => {
    const { rebalances } = newsOfGroup(brokers, world.group, [], startedAt, SESSION_TIMEOUT_MS);
    ground.onProgress(await watch.progress(Math.max(0, endsAt - Date.now()), rebalances));
  });
  const breaking = Promise.all([
    makeFaults(stage, paces.members, random('members'), ending.signal),
    makeFaults(stage, paces.surroundings, random('surroundings'), ending.signal),
  ]);
  const writing = load.run(ending.signal, () => watch.finished());
  let loadTo: number;
  try {
    await Promise.race([sleep(endsAt - Date.now()), breaking]);
    ending.abort();
    await Promise.all([breaking, writing]);
    loadTo = Date.now();
    tell('everything is healed; waiting until all is settled');
    await world.settled(SETTLE_LIMIT_MS).catch(() => tell('not all is settled'));
  } finally {
    ending.abort();
    healed.abort();
  }
  await Promise.all([looks, progress]);

  // Brokers that have just come back may still be choosing leaders.
  const all = await until('all topics to be read', () => evidence(true, loadTo).catch(() => undefined), {
    withinMs: SETTLE_LIMIT_MS,
    everyMs: 1_000,
  });
  const ended = members.endedUnasked.map((detail) => ({ kind: 'member_ended' as const, detail }));
  const judged = judge(all);
  const judgement = { ...judged, violations: [...judged.violations, ...ended] };
  await members.end();
  const { rebalances } = newsOfGroup(brokers, world.group, [], startedAt, SESSION_TIMEOUT_MS);
  const run = { ...options, command: ground.command, startedAt: stamp, node: nodeUnderTestVersion(), rebalances };
  const figures = figuresOf(run, all.faults, judgement);
  writeFileSync(`${folder}.json`, `${JSON.stringify(figures, null, 2)}\n`);
  if (holds(figures)) rmSync(folder, { recursive: true });
  else writeFileSync(`${folder}/violations.json`, JSON.stringify({ ...judgement, faults: all.faults }, null, 2));
  return { figures, judgement, folder };
}

async function makeWorld(
  { brokers, ordering }: RunOptions,
  { bootstrapServers, registryUrl, onEnd }: Ground,
): Promise<{
  world: World;
  registryWay: Awaited<ReturnType<typeof tcpProxy>>;
  gatewayWay: Awaited<ReturnType<typeof tcpProxy>>;
  settings: Readonly<Record<string, string>>;
}> {
  const world = await World.create({
    partitions: PARTITIONS,
    replicationFactor: brokers,
    profile: everydayProfile(),
    bootstrapServers,
    registryUrl,
    settings: {
      ORDERING: ordering,
      KEY_CONCURRENCY: String(KEY_CONCURRENCY),
      KAFKA_SESSION_TIMEOUT: `${SESSION_TIMEOUT_MS}ms`,
      GATEWAY_TIMEOUT: `${GATEWAY_TIMEOUT_MS}ms`,
    },
    onEnd,
  });
  const registry = new URL(registryUrl);
  const registryWay = await tcpProxy(Number(registry.port), onEnd);
  const gatewayWay = await tcpProxy(world.simulator.port, onEnd);
  await Promise.all([registryWay.open(), gatewayWay.open()]);
  return {
    world,
    registryWay,
    gatewayWay,
    settings: {
      SCHEMA_REGISTRY_URL: `http://127.0.0.1:${registryWay.port}${registry.pathname}`,
      GATEWAY_URL: `https://127.0.0.1:${gatewayWay.port}`,
    },
  };
}

/** Does it again and again; what fails because something is broken just now is left out. */
async function repeat(everyMs: number, ending: AbortSignal, work: () => Promise<void>): Promise<void> {
  for (;;) {
    await sleep(everyMs, undefined, { signal: ending }).catch(() => undefined);
    if (ending.aborted) return;
    await work().catch(() => undefined);
  }
}
