import { Cluster } from './brokers/cluster.ts';
import type { Fact } from './brokers/facts.ts';
import type { Settings } from './brokers/settings.ts';
import type { Random } from '../chaos/random.ts';
import { PAYMENT_FINAL } from '../support/schemas.ts';
import { Delays } from './delays.ts';
import { SimulatedGateway, type SeenRequest } from './gateway.ts';
import { History } from './history.ts';
import { Disturbances, type Disturbance } from './judge/disturbances.ts';
import { Judge } from './judge/judge.ts';
import type { Lane } from './judge/standstill.ts';
import { tierOf } from './judge/stories.ts';
import { SCHEMA_ID, type NewRecord } from './load.ts';
import { Member, type End, type Habitat } from './member.ts';
import { Network } from './network.ts';
import {
  DEAD_LETTERS,
  GROUP,
  isFault,
  OUTCOMES,
  SOURCE,
  tiersOf,
  topicOf,
  type MemberSettings,
  type Plan,
} from './plan.ts';
import { SimulatedRegistry } from './registry.ts';
import { Situations } from './situations.ts';
import { Streams } from './streams.ts';
import { SimulatedTime } from './time.ts';

/** When every world begins, in epoch milliseconds. */
export const BEGINNING = Date.UTC(2026, 0, 1);
export const SESSION_TIMEOUT_MS = 8_000;

/** Brokers, gateway, registry and members in one process and in one time; whatever happens is noted and judged. */
export class World {
  readonly plan: Plan;
  readonly time: SimulatedTime;
  readonly history = new History();
  readonly disturbances = new Disturbances((disturbance) => this.#disturbed(disturbance));
  readonly situations = new Situations();
  readonly judge: Judge;
  readonly cluster: Cluster;
  readonly network: Network;
  readonly gateway: SimulatedGateway;
  readonly registry: SimulatedRegistry;
  members: Member[] = [];
  readonly #habitat: Habitat;
  #hasBegun = false;
  readonly #undo: (() => void)[] = [];

  constructor(plan: Plan) {
    this.plan = plan;
    const streams = new Streams(plan.seed);
    const time = SimulatedTime.install(BEGINNING);
    const delaysOf = (name: string): Delays => new Delays(streams.of(name), plan.delays);
    const brokers = streams.of('brokers');
    this.time = time;
    this.judge = new Judge(this.disturbances, {
      isByPartition: plan.settings.ORDERING === 'partition' && !plan.changesSettings,
      isTold: plan.settings.OUTCOMES_TOPIC !== '' && !plan.changesSettings,
    });
    this.cluster = new Cluster({
      brokers: plan.brokers,
      random: () => brokers.next(),
      settings: insideOf(plan, streams.of('inside'), () => this.#hasBegun),
    });
    this.network = new Network(time, this.cluster, ({ name }) => delaysOf(`network ${name}`));
    this.network.onGivenUp = ({ name }) => this.disturbances.begin('given_up', time.now, name)(time.now);
    this.gateway = new SimulatedGateway({
      time,
      random: (paymentId) => streams.of(`answers ${paymentId}`),
      delays: (paymentId) => delaysOf(`gateway ${paymentId}`),
      tell: this.#requested,
    });
    const schemas = new Map([[SCHEMA_ID, JSON.stringify(PAYMENT_FINAL)]]);
    this.registry = new SimulatedRegistry(time, ({ name }) => delaysOf(`registry ${name}`), schemas);
    this.#habitat = {
      time,
      network: this.network,
      gateway: this.gateway,
      log: (who, line) => this.note(who, line.trimEnd()),
    };
    this.#takeOver(() => streams.of(`own ${time.current?.name ?? ''}`).next());
    for (const topic of [...['main', ...tiersOf(plan)].map(topicOf), DEAD_LETTERS, OUTCOMES]) {
      this.cluster.createTopic(topic, { partitions: plan.partitions, replicas: plan.brokers });
    }
    this.cluster.on((fact) => this.#told(fact));
    this.#hasBegun = true;
  }

  /** Milliseconds since the beginning. */
  get nowMs(): number {
    return this.time.now - BEGINNING;
  }

  note(who: string, what: string): void {
    this.history.note(this.nowMs, who, what);
  }

  start(number: number, settings: MemberSettings): Member {
    const name = `member-${number}`;
    const member = new Member(name, { ...settingsOf(this.cluster), ...settings }, this.#habitat, this.#ended);
    this.members.push(member);
    this.note('world', `${name} starts: ${Object.values(settings).join(' ')}`);
    return member;
  }

  kill(member: Member): void {
    member.kill();
    this.members = this.members.filter((other) => other !== member);
  }

  write({ partition, paymentId, key, value }: NewRecord): void {
    const offset = this.cluster.logs.offsets(SOURCE, partition).end;
    this.judge.stories.written(partition, { offset, key }, paymentId, this.time.now);
    this.note(
      'world',
      `writes main:${partition}:${offset} ${paymentId === '' ? 'no event' : paymentId} key ${String(key)}`,
    );
    this.cluster.logs.append(SOURCE, partition, [{ key, value, headers: [], timestamp: this.time.now }]);
  }

  get brokers(): readonly [number, ...number[]] {
    return [1, ...Array.from({ length: this.plan.brokers - 1 }, (_, at) => at + 2)];
  }

  /** Everything that members read. */
  lanes(): Lane[] {
    return ['main', ...tiersOf(this.plan)].flatMap((tier) =>
      Array.from({ length: this.plan.partitions }, (_, partition) => {
        return { tier, partition, end: this.cluster.logs.offsets(topicOf(tier), partition).highWatermark };
      }),
    );
  }

  /** Lets the next thing happen. An error that reaches nobody is found by the judge. */
  async step(): Promise<boolean> {
    try {
      return await this.time.step();
    } catch (error) {
      this.#unhandled(error);
      return true;
    }
  }

  /** Real time, and this process as it was. */
  end(): void {
    for (const member of this.members) member.kill();
    for (const undo of this.#undo.reverse()) undo();
    this.time.uninstall();
  }

  #takeOver(random: () => number): void {
    const { random: drawn } = Math;
    Math.random = random;
    this.registry.install();
    process.on('unhandledRejection', this.#unhandled).on('uncaughtException', this.#unhandled);
    this.#undo.push(
      () => (Math.random = drawn),
      () => this.registry.uninstall(),
      () => process.off('unhandledRejection', this.#unhandled).off('uncaughtException', this.#unhandled),
    );
  }

  readonly #unhandled = (error: unknown): void => {
    this.judge.unhandled(this.time.current?.name ?? 'the world', error);
  };

  readonly #requested = (request: SeenRequest): void => {
    const { seq, from, paymentId, answered } = request;
    this.note(from.name, `request ${seq} for ${paymentId} → ${answered}`);
    this.judge.requested(request);
    const sender = this.members.find(({ process }) => process === from);
    if (sender !== undefined && request.sentAt > sender.drainedAt) this.judge.ended(from.name, 'went on');
  };

  readonly #ended = (member: Member, { isClean, detail, left }: End): void => {
    if (left.length > 0) this.judge.left(member.name, left);
    this.note(member.name, `ends: ${detail}`);
    this.members = this.members.filter((other) => other !== member);
    if (isClean) return;
    this.disturbances.begin('unclean_end', this.time.now, member.name)(this.time.now);
    if (!member.wasAsked) this.judge.ended(member.name, detail);
  };

  #told(fact: Fact): void {
    const { now } = this.time;
    if (fact.kind === 'appended') this.#appended(fact, now);
    if (fact.kind === 'committed') this.#committed(fact, now);
    if (fact.kind === 'evicted') this.disturbances.begin('eviction', now - SESSION_TIMEOUT_MS, fact.clientId)(now);
    if (fact.kind === 'stabilized') this.situations.stabilized(fact.members);
    if (fact.kind === 'evicted' || fact.kind === 'left') this.situations.gone(fact.clientId);
    const [who, what] = sentence(fact);
    this.note(who, what);
  }

  #disturbed({ kind, whom }: Disturbance): void {
    if (!isFault(kind)) return;
    const met = this.members.filter(({ name }) => whom === undefined || name === whom);
    const isStable = this.cluster.group(GROUP).state === 'Stable';
    this.situations.note(kind, met, isStable, this.judge.stories.all, this.time.now);
  }

  /** What a new leader does not have is nowhere. */
  #forgetLost(partition: number): void {
    for (const topic of [...tiersOf(this.plan).map(topicOf), DEAD_LETTERS]) {
      this.judge.stories.lost(topic, partition, this.cluster.logs.offsets(topic, partition).end);
    }
  }

  #committed({ topic, partition, offset }: Extract<Fact, { kind: 'committed' }>, now: number): void {
    this.#forgetLost(partition);
    this.judge.committedTo(topic, partition, offset, now);
  }

  #appended({ topic, partition, offset }: Extract<Fact, { kind: 'appended' }>, now: number): void {
    if (topic === SOURCE) return;
    this.judge.stories.lost(topic, partition, offset);
    for (const record of this.cluster.logs.records(topic, partition).filter((one) => one.offset >= offset)) {
      this.judge.appended(topic, partition, record, now);
    }
  }
}

/** What the history says of it, and who did it. */
function sentence(fact: Fact): [who: string, what: string] {
  const place = (topic: string, ...numbers: number[]): string => [tierOf(topic) ?? topic, ...numbers].join(':');
  switch (fact.kind) {
    case 'appended':
      return ['brokers', `have ${place(fact.topic, fact.partition, fact.offset)}, ${fact.count} records`];
    case 'committed':
      return [fact.clientId, `commits ${place(fact.topic, fact.partition, fact.offset)}`];
    case 'evicted':
      return ['brokers', `evict ${fact.clientId}`];
    case 'left':
      return ['brokers', `let ${fact.clientId} go`];
    case 'stabilized':
      return ['brokers', `generation ${fact.generation}: ${fact.members.map(({ clientId }) => clientId).join(', ')}`];
    case 'leader':
      return ['brokers', `${place(fact.topic, fact.partition)} is led by ${fact.leader}`];
    case 'transaction':
      return ['brokers', `transaction ${fact.transactionalId} ${fact.state}`];
  }
}

/** Topics are there before the world begins, and every broker knows them. */
function insideOf({ inside }: Plan, random: Random, hasBegun: () => boolean): Partial<Settings> {
  const upTo = (most: number) => (): number => (hasBegun() ? random.between(0, most) : 0);
  return {
    initialRebalanceDelayMs: inside.initialRebalanceDelayMs,
    replicationMs: upTo(inside.replicationMs),
    loadMs: upTo(inside.loadMs),
    failoverMs: upTo(inside.failoverMs),
    newsMs: upTo(inside.newsMs),
    catchUpMs: upTo(inside.catchUpMs),
  };
}

function settingsOf({ addresses }: Cluster): Readonly<Record<string, string>> {
  return {
    KAFKA_BROKERS: addresses.join(','),
    KAFKA_GROUP_ID: GROUP,
    KAFKA_SESSION_TIMEOUT: `${SESSION_TIMEOUT_MS}ms`,
    SCHEMA_REGISTRY_URL: 'http://registry:8081',
    SOURCE_TOPIC: SOURCE,
    GATEWAY_URL: 'https://gateway',
    GATEWAY_CLIENT_ID: 'SIMULATED',
    GATEWAY_TIMEOUT: '2s',
    LOG_LEVEL: 'info',
  };
}
