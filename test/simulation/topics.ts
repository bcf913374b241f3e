import { closingId, CLOSING_TIMEOUT_MS } from '../../src/core/closing-transactions.ts';
import type { Headers } from '../../src/core/record.ts';
import { Topology } from '../../src/core/topology.ts';
import { redrivenCopy } from '../../src/operate/dead-letters/outgoing.ts';
import type { Random } from '../chaos/random.ts';
import type { Cluster } from './brokers/cluster.ts';
import type { OpenTransaction } from './brokers/logs.ts';
import type { Judge } from './judge/judge.ts';
import type { Lane } from './judge/standstill.ts';
import { event, type NewRecord } from './load.ts';
import { DEAD_LETTERS, GROUP, OUTCOMES, SOURCE, tiersOf, topicOf, type Plan } from './plan.ts';
import type { SimulatedTime } from './time.ts';

export interface TopicsParts {
  readonly plan: Plan;
  readonly cluster: Cluster;
  readonly time: SimulatedTime;
  readonly judge: Judge;
  readonly note: (what: string) => void;
}

/** The topics of a world: what others than members write to them, and what is done to them. */
export class WorldTopics {
  readonly #parts: TopicsParts;
  readonly #tiers: readonly [string, ...string[]];
  #partitions: number;
  /** A letter is on its way out of the dead letters. */
  #isRedriving = false;

  constructor(parts: TopicsParts) {
    const { plan } = parts;
    this.#parts = parts;
    this.#tiers = tiersOf(plan);
    this.#partitions = plan.partitions;
    for (const topic of [SOURCE, ...this.#tiers.map(topicOf), DEAD_LETTERS, OUTCOMES]) this.#create(topic);
  }

  /** How many there are of the source. */
  get partitions(): number {
    return this.#partitions;
  }

  /** Everything that members read. */
  lanes(): Lane[] {
    const { cluster } = this.#parts;
    return ['main', ...this.#tiers].flatMap((tier) =>
      Array.from({ length: cluster.partitionCount(topicOf(tier)) }, (_, partition) => {
        return { tier, partition, end: cluster.logs.offsets(topicOf(tier), partition).highWatermark };
      }),
    );
  }

  write({ place, paymentId, key, value }: NewRecord): void {
    const { cluster, judge, time, note } = this.#parts;
    const partition = place % this.#partitions;
    const offset = cluster.logs.offsets(SOURCE, partition).end;
    judge.stories.written(partition, { offset, key }, paymentId, time.now);
    note(`writes main:${partition}:${offset} ${paymentId === '' ? 'no event' : paymentId} key ${String(key)}`);
    cluster.logs.append(SOURCE, partition, [{ key, value, headers: [], timestamp: time.now }]);
  }

  /** Some payments in one transaction; nobody may ever see them where it is aborted. @returns ends it */
  openTransaction(name: string, random: Random, isCommitted: boolean): () => void {
    const { cluster, judge, time, note, plan } = this.#parts;
    const partition = random.between(0, this.#partitions - 1);
    const payments = Array.from({ length: random.between(1, 3) }, (_, at) => {
      const paymentId = `T${name}.${at + 1}-good`;
      const key = Buffer.from(`key-${random.between(1, plan.keys)}`);
      return { paymentId, key, value: event(paymentId, time.now), headers: [], timestamp: time.now };
    });
    const { offset, end } = begun(cluster.logs.openTransaction(SOURCE, partition, payments));
    for (const [at, { key, paymentId }] of payments.entries()) {
      note(`writes main:${partition}:${offset + at} ${paymentId} key ${String(key)} in a transaction`);
      if (isCommitted) judge.stories.written(partition, { offset: offset + at, key }, paymentId, time.now);
    }
    return () => void end(isCommitted);
  }

  /**
   * As `dead-letters redrive` does, one run at a time: a letter's event is on its way again once the transaction is committed,
   * and not before. One that is killed is not ended by whoever began it, nor by the brokers of this world.
   *
   * @returns ends it; `undefined` where there is no letter, or what was killed is not ended yet
   */
  redrive(random: Random, ending: RedriveEnding): (() => void) | undefined {
    const { cluster, judge, time, note, plan } = this.#parts;
    if (this.#isRedriving) return undefined;
    const [first, ...others] = judge.redrivable();
    const topic = topicOf(plan.settings.RETRY_DELAYS.split(',')[0] ?? '');
    if (first === undefined || cluster.partitionCount(topic) === 0) return undefined;
    const story = random.pick([first, ...others]);
    const { partition } = story;
    const stored = cluster.logs
      .records(DEAD_LETTERS, partition)
      .find(({ offset }) => offset === story.letters[0]?.offset);
    if (stored === undefined) throw new Error(`there is no letter ${partition}:${story.letters[0]?.offset ?? ''}`);
    // Members write no header without a value.
    const letter = { topic: DEAD_LETTERS, partition, readAt: 0, ...stored, headers: stored.headers as Headers };
    const redrive = { id: `redrive-${story.paymentId}`, topic, at: time.now, by: 'somebody', rebuildBody: false };
    const { key, value, headers } = redrivenCopy(letter, redrive, new Topology({ source: SOURCE, tiers: [] }));
    const copy = { key, value, headers: asEntries(headers), timestamp: time.now };
    const owner = { id: closingId(GROUP), timeoutMs: CLOSING_TIMEOUT_MS };
    const transaction = cluster.logs.openTransaction(topic, partition, [copy], owner);
    if (transaction === undefined) return undefined;
    const { offset, end } = transaction;
    const place = `${topic}:${partition}:${offset}`;
    note(`writes ${place}: ${story.paymentId} redriven in a transaction`);
    this.#isRedriving = true;
    return () => {
      this.#isRedriving = false;
      if (ending === 'killed') return;
      // Its topic may have been deleted meanwhile, and after its time others may have ended it.
      const isThere = this.#stands(topic, partition, offset);
      const isEnded = end(ending === 'committed');
      if (!isThere || !isEnded || ending === 'aborted') return;
      judge.redriven(story, { topic, offset, at: time.now, notBefore: redrive.at });
    };
  }

  /** Topics that have fewer partitions get so many; one that is gone has them when it is made anew. */
  grow(topics: readonly string[], count: number): void {
    const { cluster } = this.#parts;
    if (topics.includes(SOURCE)) this.#partitions = Math.max(this.#partitions, count);
    for (const topic of topics) {
      const has = cluster.partitionCount(topic);
      if (has > 0 && has < count) cluster.addPartitions(topic, count);
    }
  }

  /** @returns whether it is gone; it is not where another one is, too */
  remove(tier: string): boolean {
    const { cluster, judge } = this.#parts;
    if (this.#tiers.some((other) => cluster.partitionCount(topicOf(other)) === 0)) return false;
    cluster.deleteTopic(topicOf(tier));
    judge.topicGone(tier);
    return true;
  }

  makeAnew(tier: string): void {
    this.#create(topicOf(tier));
  }

  /** It does not where its topic was deleted meanwhile. */
  #stands(topic: string, partition: number, offset: number): boolean {
    const { cluster } = this.#parts;
    if (partition >= cluster.partitionCount(topic)) return false;
    return cluster.logs.records(topic, partition, offset)[0]?.transaction === 'open';
  }

  #create(topic: string): void {
    const { cluster, plan } = this.#parts;
    const configs = { 'message.timestamp.type': plan.isAppendTime ? 'LogAppendTime' : 'CreateTime' };
    cluster.createTopic(topic, { partitions: this.#partitions, replicas: plan.brokers, configs });
  }
}

/** What comes of a redrive's transaction. */
export type RedriveEnding = 'committed' | 'aborted' | 'killed';

function begun(transaction: OpenTransaction | undefined): OpenTransaction {
  if (transaction === undefined) throw new Error('somebody else has the id of a transaction');
  return transaction;
}

function asEntries(headers: Headers): [name: string, value: Buffer][] {
  return Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one): [string, Buffer] => [name, Buffer.from(one as string)]),
  );
}
