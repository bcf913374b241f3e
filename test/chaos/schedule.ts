import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '../../deploy/local/broker.ts';
import type { Simulator } from '../../src/simulator/gateway.ts';
import type { TcpProxy } from '../support/tcp-proxy.ts';
import { addPartitions, moveLeaders } from '../support/leaders-and-partitions.ts';
import type { World } from '../support/world.ts';
import type { FaultKind } from './evidence.ts';
import type { FaultLog } from './fault-log.ts';
import { everydayProfile } from './load.ts';
import type { Members } from './members.ts';
import { deck, type Random } from './random.ts';

/** What can be broken. */
export interface Stage {
  readonly world: World;
  readonly members: Members;
  readonly faults: FaultLog;
  readonly brokers: readonly Broker[];
  readonly registryWay: TcpProxy;
  readonly gatewayWay: TcpProxy;
  readonly sessionTimeoutMs: number;
  /** Told for people, as it happens. */
  readonly tell: (what: string) => void;
}

/** How often what happens. */
export interface Pace {
  readonly weights: Readonly<Partial<Record<FaultKind, number>>>;
  /** Milliseconds from the end of one to the next, least and most. */
  readonly pauseMs: readonly [number, number];
}

const FEWEST_MEMBERS = 2;
const MOST_MEMBERS = 4;
const MOST_ADDED_PARTITIONS = 4;

/** Makes one fault after the other until told to end; the one under way is brought to its end. */
export async function makeFaults(stage: Stage, pace: Pace, random: Random, ending: AbortSignal): Promise<void> {
  const cards = deck(pace.weights, random);
  for (;;) {
    await sleep(random.between(...pace.pauseMs), undefined, { signal: ending }).catch(() => undefined);
    if (ending.aborted) return;
    const { value: kind } = cards.next();
    await FAULT[kind]?.(stage, random, ending);
  }
}

type MakeFault = (stage: Stage, random: Random, ending: AbortSignal) => Promise<void>;

const FAULT: Partial<Record<FaultKind, MakeFault>> = {
  async kill(stage, random) {
    const name = await stage.members.kill(random);
    stage.tell(`kill -9 ${name ?? 'nobody'}`);
    await sleep(random.between(0, 3_000));
    await replenish(stage);
  },
  async freeze(stage, random) {
    const frozen = stage.members.freeze(random);
    stage.tell(`freeze ${frozen?.name ?? 'nobody'} beyond its session`);
    await sleep(stage.sessionTimeoutMs + random.between(1_000, 4_000));
    frozen?.thaw();
  },
  async roll(stage, random) {
    const joined = await stage.members.start();
    const left = stage.members.leave(random, joined);
    stage.faults.note('roll', Date.now(), Date.now(), left);
    stage.tell(`roll: ${joined} for ${left ?? 'nobody'}`);
  },
  async join(stage, random) {
    if (stage.members.size >= MOST_MEMBERS) return leave(stage, random);
    const name = await stage.members.start();
    stage.faults.note('join', Date.now(), Date.now(), name);
    stage.tell(`join ${name}`);
  },
  leave,
  async broker_kill(stage, random) {
    await restart(stage, random, 'broker_kill');
  },
  async broker_restart(stage, random) {
    await restart(stage, random, 'broker_restart');
  },
  async leaders_move({ world, faults, tell }, random) {
    const close = faults.open('leaders_move');
    tell('leaders move');
    await moveLeaders(world, random.between(1, 1_000)).catch(() => tell('not all leaders have moved'));
    close();
  },
  async partitions_added({ world, faults, tell }) {
    if (faults.count('partitions_added') >= MOST_ADDED_PARTITIONS) return;
    const count = world.partitions + 1;
    tell(`${count} partitions`);
    const close = faults.open('partitions_added', String(count));
    await addPartitions(world, count).catch(() => undefined);
    close();
  },
  async registry_down({ registryWay, faults, tell }, random) {
    const close = faults.open('registry_down');
    tell('no registry');
    await registryWay.close();
    await sleep(random.between(2_000, 6_000));
    await registryWay.open();
    close();
  },
  async gateway_down({ world, gatewayWay, faults, tell }, random) {
    const refused = random.next() < 0.5;
    const close = faults.open('gateway_down', refused ? 'refused' : 'reset');
    tell(refused ? 'the gateway refuses connections' : 'the gateway resets connections');
    if (refused) await gatewayWay.close();
    else world.simulator.play(everydayProfile([{ answer: { fault: 'reset_after_read' } }]));
    await sleep(random.between(2_000, 5_000));
    if (refused) await gatewayWay.open();
    else world.simulator.play(everydayProfile());
    close();
  },
  async systemic({ world, faults, tell }, random) {
    const close = faults.open('systemic', 'KEY_NOT_FOUND');
    tell('the gateway says KEY_NOT_FOUND to everybody');
    world.simulator.play(everydayProfile([{ answer: { code: 'KEY_NOT_FOUND', sign: 'none' } }]));
    await sleep(random.between(2_000, 5_000));
    world.simulator.play(everydayProfile());
    close();
  },
  async rate_cap({ world: { simulator }, faults, tell }, random) {
    await capped(simulator, random.between(20, 60), faults, tell, random.between(3_000, 6_000));
  },
};

async function leave(stage: Stage, random: Random): Promise<void> {
  if (stage.members.size <= FEWEST_MEMBERS) return replenish(stage);
  const name = stage.members.leave(random);
  stage.faults.note('leave', Date.now(), Date.now(), name);
  stage.tell(`leave ${name ?? 'nobody'}`);
}

async function replenish({ members, faults, tell }: Stage): Promise<void> {
  do {
    const name = await members.start();
    faults.note('join', Date.now(), Date.now(), name);
    tell(`join ${name}`);
  } while (members.size < FEWEST_MEMBERS);
}

async function restart({ brokers, faults, tell }: Stage, random: Random, kind: FaultKind): Promise<void> {
  const [first, ...others] = brokers;
  if (first === undefined) return;
  const broker = random.pick([first, ...others]);
  const close = faults.open(kind, `broker-${broker.id}`);
  tell(kind === 'broker_kill' ? `kill -9 broker ${broker.id}` : `restart broker ${broker.id}`);
  await (kind === 'broker_kill' ? broker.kill() : broker.stop());
  await sleep(random.between(500, 4_000));
  await broker.start();
  close();
}

async function capped(
  simulator: Simulator,
  rateCap: number,
  faults: FaultLog,
  tell: Stage['tell'],
  ms: number,
): Promise<void> {
  const close = faults.open('rate_cap', `${rateCap}/s`);
  tell(`the gateway takes ${rateCap} a second`);
  simulator.play({ ...everydayProfile(), rateCap });
  await sleep(ms);
  simulator.play(everydayProfile());
  close();
}
