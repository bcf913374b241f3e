import { setTimeout as sleep } from 'node:timers/promises';
import type { Copy } from '../../core/copies.ts';
import type { Fact } from '../../pipeline/facts.ts';
import type { AllParkedKeys } from '../../pipeline/all-parked-keys.ts';
import type { Observe } from '../../pipeline/ports.ts';
import type { Waits } from '../../pipeline/waits.ts';
import type { KnownOffsets, RejoinRequest, TopicWatch } from '../group/collaborators.ts';
import type { Cluster, ConsumerGroup } from '../kafkajs/types.ts';
import { existingTopics, followTopics } from '../kafkajs/metadata.ts';
import { assignedPartitions, committedOffsets, partitionKey } from '../kafkajs/offsets.ts';
import type { ReadTopics } from './read-topics.ts';

export interface MissingTopicsOptions {
  readonly topics: ReadTopics;
  readonly parkedKeys: AllParkedKeys;
  readonly observe: Observe;
  readonly groupId: string;
  readonly lanes: {
    /** Nothing more is taken of the topic. */
    standStill(topic: string): void;
    /** The topic is the one that it was. */
    goOn(topic: string): void;
    /** Where each lane of a topic reads next. */
    positions(topic: string): readonly { readonly partition: number; readonly next: number }[];
    /** @returns what is wrong, with its remedy, where the partition ends before the offset that was committed */
    passExpired(group: ConsumerGroup, topic: string, partition: number): Promise<string | undefined>;
  };
  /** Topics of which nothing may be read, and to which nothing may be committed: what their offsets mean is not known. */
  readonly suspects: Map<string, () => void>;
  readonly waits: Waits;
  readonly rejoin: RejoinRequest;
  /** Ends the service for a reason that somebody has to decide about. */
  readonly fatal: (error: Error) => void;
}

/** What was known to be parked in a partition of a topic that is gone. */
interface Lost {
  readonly topic: string;
  readonly partition: number;
  readonly copies: readonly Copy[];
}

const OFFSETS_GONE_WITHIN_MS = 1_000;

/**
 * Topics that were deleted under a running service.
 *
 * A topic that is `missing` is left out of what is fetched and committed, and all others go on. It is `suspect`, and its
 * lanes stand, until it is known what it is when it is there again: it may be another one under the same name. The brokers
 * drop a group's offsets with a topic, so one that still has them only seemed to be gone, and its lanes go on where they
 * stand. One without them was made anew: at the next assignment its offsets count from 0, and what `ParkedKeys` knows of the
 * old one is void. A source made anew ends the service: its offsets name other events than those that are parked.
 */
export class MissingTopics implements TopicWatch {
  readonly #options: MissingTopicsOptions;
  #missing: readonly string[] = [];
  #looking: Promise<void> | undefined;
  /** In topics that were made anew, before it is known what is parked there by now. */
  readonly #lost: Lost[] = [];

  constructor(options: MissingTopicsOptions) {
    this.#options = options;
  }

  /** Topics that were not there at the last look. */
  get names(): readonly string[] {
    return this.#missing;
  }

  listAnew(group: ConsumerGroup): Promise<void> {
    return this.#options.topics.listAnew(group);
  }

  mayWait(topic: string): boolean {
    return topic !== this.#options.topics.topology.source;
  }

  /** Looks which topics there are, and lets the client go on with those. */
  look(cluster: Cluster): Promise<void> {
    this.#looking ??= this.#look(cluster).finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  /**
   * Called with each assignment, before lanes are made: what a suspect topic is, is known now; so is one that was made anew
   * while this member reached nobody. Where other topics are there than when the join was asked for, another one is: whoever
   * owned a partition before may have parked in a topic that this assignment lacks, or that this member does not know.
   */
  async admit(group: ConsumerGroup): Promise<KnownOffsets | undefined> {
    const { topics, suspects, rejoin, fatal } = this.#options;
    const { source } = topics.topology;
    if (await topics.haveChanged(group)) {
      rejoin.ask();
      return undefined;
    }
    const known = await knownOffsets(group);
    const remade = withoutOffset(group, known);
    // Partitions that were added have no offsets either, but then others have.
    const ofSource = group.assigned().find(({ topic }) => topic === source)?.partitions ?? [];
    const allOfSource = remade.filter(({ topic }) => topic === source).length === ofSource.length;
    if (suspects.has(source) && ofSource.length > 0 && allOfSource) {
      fatal(new Error(sourceRemade(group.groupId, source)));
      return undefined;
    }
    for (const { topic, partition } of remade) this.#lost.push(this.#lose(topic, partition));
    this.#loseDropped();
    for (const { topic } of group.assigned()) this.#isClear(topic);
    // What is read no more has no lanes from now on.
    for (const topic of suspects.keys()) if (!topics.read.includes(topic)) this.#isClear(topic);
    return known;
  }

  /** Copies that are known again stand in the topic that was made anew, where they were parked at once. The others are lost. */
  begun(): void {
    for (const { topic, partition, copies } of this.#lost.splice(0)) {
      const parked = this.#options.parkedKeys.of(partition);
      this.#tell({ topic, partition, copies: copies.filter((copy) => !parked.has(copy)) });
    }
  }

  async unknownTopic(group: ConsumerGroup): Promise<void> {
    await this.look(group.cluster);
    if (this.#missing.length === 0 && (await this.#isRemade(group))) this.#options.rejoin.ask();
  }

  async outOfRange(group: ConsumerGroup, topic: string, partition: number): Promise<void> {
    const { lanes, rejoin, fatal } = this.#options;
    const problem = await lanes.passExpired(group, topic, partition);
    if (problem === undefined) return;
    if (await this.#isRemade(group)) rejoin.ask();
    else fatal(new Error(problem));
  }

  /** Whether a topic that is there has lost the group's offsets: it was made anew so quickly that nobody saw it missing. */
  async #isRemade(group: ConsumerGroup): Promise<boolean> {
    const remade = withoutOffset(group, await knownOffsets(group));
    for (const { topic } of remade) this.#suspect(topic);
    return remade.length > 0;
  }

  async #look(cluster: Cluster): Promise<void> {
    const { topics, observe, rejoin } = this.#options;
    const { source, counterparts } = topics.topology;
    const wanted = [...new Set([...topics.read, ...counterparts])];
    const existing = await existingTopics(cluster, wanted);
    const back = this.#missing.filter((topic) => existing.has(topic));
    const gone = wanted.filter((topic) => !existing.has(topic));
    const missing = gone.filter((topic) => topic === source || counterparts.includes(topic));
    // What is back is looked for again where the broker that is asked next has not heard of it.
    this.#missing = [...missing, ...back];
    for (const topic of gone) {
      this.#suspect(topic);
      if (missing.includes(topic)) continue;
      // Without a configured delay nobody needs it again; where it is made again, the next join finds it.
      topics.drop(topic);
    }
    this.#loseDropped();
    await followTopics(cluster, existing);
    this.#missing = missing;
    observe({ kind: 'topics_missing', topics: missing.map((topic) => ({ topic, role: this.#roleOf(topic) })) });
    for (const topic of back.filter((each) => topics.read.includes(each))) {
      if (await this.#isUnchanged(cluster, topic)) this.#goOn(topic);
      else rejoin.ask();
    }
  }

  /** Whether this is the topic that it was. Where nobody can say so now, it is found out at the next assignment. */
  async #isUnchanged(cluster: Cluster, topic: string): Promise<boolean> {
    const { groupId, lanes } = this.#options;
    const partitions = lanes.positions(topic).map(({ partition }) => partition);
    // A topic may be known again before its coordinator has dropped the offsets of the one before.
    await sleep(OFFSETS_GONE_WITHIN_MS);
    const committed = await committedOffsets(cluster, groupId, new Map([[topic, partitions]])).catch(() => new Map());
    return partitions.length > 0 && partitions.every((partition) => committed.has(partitionKey(topic, partition)));
  }

  /** What the topic is, is known now. */
  #isClear(topic: string): void {
    const { suspects } = this.#options;
    suspects.get(topic)?.();
    suspects.delete(topic);
  }

  #goOn(topic: string): void {
    this.#isClear(topic);
    this.#options.lanes.goOn(topic);
  }

  #suspect(topic: string): void {
    const { topics, parkedKeys, suspects, lanes, waits } = this.#options;
    if (suspects.has(topic) || !topics.read.includes(topic)) return;
    suspects.set(topic, waits.begin({ topic }, 'topic_missing'));
    lanes.standStill(topic);
    parkedKeys.readAgain(topics.topology.tierOf(topic));
  }

  /** Of topics that are read no more nothing is parked, but for what their lanes have read, as long as there are any. */
  #loseDropped(): void {
    const { topics, parkedKeys, lanes } = this.#options;
    for (const { tier, partition } of parkedKeys.byTier) {
      const topic = topics.topology.retryTopic(tier);
      if (topics.read.includes(topic)) continue;
      const lane = lanes.positions(topic).find((own) => own.partition === partition);
      this.#tell(this.#lose(topic, partition, lane?.next));
    }
  }

  #lose(topic: string, partition: number, from = 0): Lost {
    const { topics, parkedKeys } = this.#options;
    return { topic, partition, copies: parkedKeys.of(partition).lose(topics.topology.tierOf(topic), from) };
  }

  #tell({ topic, partition, copies }: Lost): void {
    const { topics, observe } = this.#options;
    const origins = copies.map(({ origin }) => ({ topic: topics.topology.source, partition, offset: origin }));
    if (origins.length > 0) observe({ kind: 'parked_lost', topic, origins });
  }

  #roleOf(topic: string): Extract<Fact, { kind: 'topics_missing' }>['topics'][number]['role'] {
    const { topology, read } = this.#options.topics;
    if (topic === topology.source) return 'source';
    return read.includes(topic) ? 'retry' : 'dead_letter';
  }
}

function knownOffsets(group: ConsumerGroup): Promise<KnownOffsets> {
  return committedOffsets(group.cluster, group.groupId, assignedPartitions(group));
}

/** Assigned partitions without a committed offset; each one got one when it was first assigned. */
function withoutOffset(group: ConsumerGroup, known: KnownOffsets) {
  return group
    .assigned()
    .flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
    .filter(({ topic, partition }) => !known.has(partitionKey(topic, partition)));
}

function sourceRemade(groupId: string, source: string): string {
  return (
    `${source} was deleted and made anew: its offsets name other events than before, and those that are parked still ` +
    `name the old ones. Let what is parked be settled or delete the retry topics, decide where to begin and set it with ` +
    `kafka-consumer-groups --group ${groupId} --topic ${source} --reset-offsets --to-earliest --execute, then start again`
  );
}
