import { Cluster } from './brokers/cluster.ts';
import type { Fact } from './brokers/facts.ts';
import { APIS } from './brokers/messages/apis.ts';
import { PAYMENT_FINAL } from '../support/schemas.ts';
import { Delays } from './delays.ts';
import { SimulatedGateway, type SeenRequest } from './gateway.ts';
import { History } from './history.ts';
import { Disturbances, type Disturbance } from './judge/disturbances.ts';
import { Judge } from './judge/judge.ts';
import { SCHEMA_ID } from './load.ts';
import { Member, type End, type Habitat } from './member.ts';
import { Moments, type Moment } from './moments.ts';
import { Network } from './network.ts';
import { DEAD_LETTERS, GROUP, isFault, SOURCE, tiersOf, topicOf, type MemberSettings, type Plan } from './plan.ts';
import { SimulatedRegistry } from './registry.ts';
import { sentence } from './sentences.ts';
import { Situations } from './situations.ts';
import { Streams } from './streams.ts';
import { SimulatedTime } from './time.ts';
import { WorldTopics } from './topics.ts';
import { insideOf, SESSION_TIMEOUT_MS, settingsOf } from './world-settings.ts';

/** When every world begins, in epoch milliseconds. */
export const BEGINNING = Date.UTC(2026, 0, 1);

const STARTED_AGAIN_MS = 2_000;
const MOMENTS_OF_REQUESTS = new Map<number, Moment>([
  [APIS.Produce.key, 'writing'],
  [APIS.OffsetCommit.key, 'committing'],
  [APIS.JoinGroup.key, 'joining'],
]);

/** Brokers, gateway, registry and members in one process and in one time; whatever happens is noted and judged. */
export class World {
  readonly plan: Plan;
  readonly time: SimulatedTime;
  readonly history = new History();
  readonly disturbances = new Disturbances((disturbance) => this.#disturbed(disturbance));
  readonly situations = new Situations();
  readonly moments = new Moments();
  readonly judge: Judge;
  readonly cluster: Cluster;
  readonly network: Network;
  readonly gateway: SimulatedGateway;
  readonly registry: SimulatedRegistry;
  readonly topics: WorldTopics;
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
    this.network.onAsked = ({ name }, api) => {
      const moment = MOMENTS_OF_REQUESTS.get(api);
      if (moment !== undefined) this.moments.happened(moment, name);
    };
    this.gateway = new SimulatedGateway({
      time,
      random: (paymentId) => streams.of(`answers ${paymentId}`),
      delays: (paymentId) => delaysOf(`gateway ${paymentId}`),
      tell: this.#requested,
      heard: ({ from }) => this.moments.happened('answered', from.name),
    });
    const schemas = new Map([[SCHEMA_ID, JSON.stringify(PAYMENT_FINAL)]]);
    this.registry = new SimulatedRegistry(time, ({ name }) => delaysOf(`registry ${name}`), schemas);
    this.#habitat = {
      time,
      network: this.network,
      gateway: this.gateway,
      stopping: (who) => this.moments.happened('stopping', who),
      log: (who, line) => this.#logged(who, line.trimEnd()),
    };
    this.#takeOver(() => streams.of(`own ${time.current?.name ?? ''}`).next());
    this.topics = new WorldTopics({
      ...{ plan, cluster: this.cluster, time, judge: this.judge },
      note: (what) => this.note('world', what),
    });
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
    return this.#start(`member-${number}`, settings);
  }

  kill(member: Member): void {
    member.kill();
    this.members = this.members.filter((other) => other !== member);
  }

  get brokers(): readonly [number, ...number[]] {
    return [1, ...Array.from({ length: this.plan.brokers - 1 }, (_, at) => at + 2)];
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

  #start(name: string, settings: MemberSettings): Member {
    const all = { ...settingsOf(this.cluster), ...settings };
    const member = new Member(name, all, this.#habitat, (ended, end) => this.#ended(ended, end, settings));
    this.members.push(member);
    this.note('world', `${name} starts: ${Object.values(settings).join(' ')}`);
    return member;
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
    this.moments.happened('sent', from.name);
    const sender = this.members.find(({ process }) => process === from);
    if (sender !== undefined && request.sentAt > sender.drainedAt) this.judge.ended(from.name, 'went on');
  };

  #ended(member: Member, { isClean, detail, left }: End, settings: MemberSettings): void {
    const { time, disturbances } = this;
    if (left.length > 0) this.judge.left(member.name, left);
    this.note(member.name, `ends: ${detail}`);
    this.members = this.members.filter((other) => other !== member);
    if (isClean) return;
    disturbances.begin('unclean_end', time.now, member.name)(time.now);
    if (member.wasAsked) return;
    if (!disturbances.explainEnd(member.name, time.now)) this.judge.ended(member.name, detail);
    // As whoever keeps processes running would.
    else time.after(STARTED_AGAIN_MS, () => this.#start(member.name, settings));
  }

  #logged(who: string, line: string): void {
    this.note(who, line);
    if (!line.includes('"event":"outcome_unwritten"')) return;
    const { origin } = JSON.parse(line) as { origin: string };
    const [, partition, offset] = origin.split(':').map(Number);
    if (partition !== undefined && offset !== undefined) this.judge.unwritten(partition, offset, this.time.now);
  }

  #told(fact: Fact): void {
    const { now } = this.time;
    if (fact.kind === 'appended') this.#appended(fact, now);
    if (fact.kind === 'committed') this.#committed(fact, now);
    if (fact.kind === 'evicted') this.disturbances.begin('eviction', now - SESSION_TIMEOUT_MS, fact.clientId)(now);
    if (fact.kind === 'stabilized') this.#stabilized(fact);
    if (fact.kind === 'evicted' || fact.kind === 'left') this.situations.gone(fact.clientId);
    const [who, what] = sentence(fact);
    this.note(who, what);
  }

  #stabilized({ members }: Extract<Fact, { kind: 'stabilized' }>): void {
    this.situations.stabilized(members);
    this.moments.happened('joined');
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
      if (partition >= this.cluster.partitionCount(topic)) continue;
      this.judge.stories.lost(topic, partition, this.cluster.logs.offsets(topic, partition).end);
    }
  }

  #committed({ topic, partition, offset, clientId }: Extract<Fact, { kind: 'committed' }>, now: number): void {
    this.#forgetLost(partition);
    this.judge.committedTo(topic, partition, offset, now);
    this.moments.happened('committed', clientId);
  }

  #appended({ topic, partition, offset }: Extract<Fact, { kind: 'appended' }>, now: number): void {
    if (topic === SOURCE) return;
    this.judge.stories.lost(topic, partition, offset);
    for (const record of this.cluster.logs.records(topic, partition, offset)) {
      this.judge.appended(topic, partition, record, now);
    }
    this.moments.happened('parked');
  }
}
