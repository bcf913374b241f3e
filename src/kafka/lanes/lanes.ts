import type { KafkaRecord } from '../../core/record.ts';
import type { AllParkedKeys } from '../../pipeline/all-parked-keys.ts';
import type { Observe, Ownership } from '../../pipeline/ports.ts';
import { pause } from '../../pipeline/waiting.ts';
import type { Waits } from '../../pipeline/waits.ts';
import { servableNow, type TopicSet } from '../group/assigner.ts';
import type { Work } from '../group/collaborators.ts';
import type { Epoch } from '../group/epoch.ts';
import { recordsOf } from '../kafkajs/fetched.ts';
import { boundaryOffsets, byTopic, partitionKey, type Partitions } from '../kafkajs/offsets.ts';
import type { Cluster, ConsumerGroup, FetchedBatch } from '../kafkajs/types.ts';
import { Committer } from './committer.ts';
import { Lane } from './lane.ts';
import { stateOf, type LaneState } from './lane-state.ts';
import { ParkedLearning } from './parked-learning.ts';
import { ParkedReader } from './parked-reader.ts';
import { CORRUPT_PAUSE_MS, Quarantine } from './quarantine.ts';
import { firstReads, laneStarts } from './starts.ts';

export interface LanePorts {
  readonly observe: Observe;
  readonly parkedKeys: AllParkedKeys;
  readonly waits: Waits;
  /** Brings one record to rest. Throws `Abandoned`, with nothing settled, where it may not go on. */
  readonly process: (record: KafkaRecord, ownership: Ownership) => Promise<void>;
  /** `process` threw what it never should; the record is tried again. */
  readonly onError: (record: KafkaRecord, error: unknown) => void;
  /** Whether a topic may be gone, or another one under the same name. */
  readonly isSuspect: (topic: string) => boolean;
}

export interface LaneSettings {
  readonly topics: TopicSet;
  /** Records of different keys of one source partition in flight at once. */
  readonly concurrency: number;
}

/** The lanes of the partitions this member owns, made anew with each epoch and dropped with it. */
export class Lanes implements Work {
  readonly #settings: LaneSettings;
  readonly #ports: LanePorts;
  readonly #parked: ParkedReader;
  #cluster: Cluster | undefined;
  #lanes = new Map<string, Lane>();
  #committer: Committer | undefined;
  readonly #quarantine: Quarantine;
  #ends: ReadonlyMap<string, number> = new Map();
  #closing: AbortSignal = AbortSignal.abort();
  #served = '';
  #unserved: readonly number[] = [];
  #owned: readonly number[] = [];

  constructor(settings: LaneSettings, ports: LanePorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.#quarantine = new Quarantine(ports.waits);
    this.#parked = new ParkedReader(settings.topics.topology, ports.parkedKeys);
  }

  /** Partition numbers served last; kept when the lanes are dropped, so that they can be asked for again. */
  get owned(): readonly number[] {
    return this.#owned;
  }

  /** Source partitions that are not read because a retry or dead-letter topic lacks their number. */
  get unserved(): readonly number[] {
    return this.#unserved;
  }

  /** Makes a lane for every partition just assigned, standing at its committed offset, once all that is parked is known. */
  async open(group: ConsumerGroup, epoch: Epoch): Promise<void> {
    const { cluster } = group;
    this.#cluster = cluster;
    const assigned: Partitions = new Map(group.assigned().map(({ topic, partitions }) => [topic, partitions] as const));
    const starts = await laneStarts(group, epoch, assigned);
    const { committed, earliest } = starts;
    const { observe } = this.#ports;
    const learning = new ParkedLearning(this.#parked, observe, cluster, firstReads(starts), epoch.closing);
    const unknown = await learning.learn(assigned);
    this.#closing = epoch.closing;

    const committer = new Committer(group, epoch, observe, this.#ports.isSuspect);
    this.#committer = committer;
    this.#lanes = new Map();
    for (const [topic, partitions] of assigned) {
      group.resume([{ topic, partitions }]);
      for (const partition of partitions) {
        const key = partitionKey(topic, partition);
        const lane = new Lane({
          topic,
          partition,
          committed: committed.get(key) ?? { offset: earliest.get(key) ?? 0, metadata: '' },
          concurrency: topic === this.#settings.topics.topology.source ? this.#settings.concurrency : 1,
          ownership: epoch,
          waits: this.#ports.waits,
          process: this.#ports.process,
          onMoved: (moved) => committer.moved(moved),
          onRoom: (lane) => this.#quarantine.resume(group, lane),
          onError: this.#ports.onError,
        });
        this.#lanes.set(key, lane);
        this.#skipExpired(lane, earliest.get(key) ?? 0);
        pointAt(group, lane);
      }
    }
    for (const number of unknown) {
      const lanes = [...this.#lanes.values()].filter(({ partition }) => partition === number);
      this.#quarantine.hold(group, lanes, 'parked_unread', learning.learnOn(onlyOf(assigned, number)));
    }
    this.#owned = [...new Set([...assigned.values()].flat())];
    const { partitions, unserved } = servableNow(cluster, this.#settings.topics);
    this.#served = describe(partitions);
    this.#unserved = unserved;
    observe({ kind: 'joined', generation: epoch.generation, partitions: Object.fromEntries(assigned) });
    observe({ kind: 'unserved', partitions: unserved });
  }

  /**
   * Takes a batch only if it is what the lane waits for next. Anything else was fetched before a join, or for a
   * position that is no longer ours; it is read again from where the lane stands. In a topic that may have been made
   * anew the lane stands nowhere.
   */
  take(group: ConsumerGroup, batch: FetchedBatch): void {
    const { topic, partition } = batch;
    const lane = this.#lanes.get(partitionKey(topic, partition));
    const { length, corrupt } = batch.rawMessages;
    if (lane === undefined || lane.full || this.#quarantine.has(lane) || this.#ports.isSuspect(topic)) return;
    if (length === 0 && corrupt === undefined) return;
    if (Number(batch.fetchedOffset) === lane.next && corrupt !== undefined) {
      this.#ports.observe({ kind: 'corrupt', topic, partition, ...corrupt });
      this.#quarantine.hold(group, [lane], 'corrupt', pause(CORRUPT_PAUSE_MS, this.#closing));
    } else if (Number(batch.fetchedOffset) === lane.next) {
      this.#quarantine.isOver([lane]);
      const records = recordsOf(batch);
      const next = Number(batch.lastOffset()) + 1;
      this.#parked.seen(topic, partition, records, next);
      const tier = this.#settings.topics.topology.tierOf(topic);
      this.#ports.observe({ kind: 'consumed', tier, count: records.length });
      const room = lane.take(records, next);
      if (room === 'full') group.pause([{ topic, partitions: [partition] }]);
    }
    pointAt(group, lane);
  }

  /** Resolves when nothing is in flight any more and all that was settled is committed. */
  async drain(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.idle()));
    await this.#committer?.flushed();
  }

  /** Forgets all lanes; their records are read again by whoever owns the partitions next. */
  closed(): void {
    this.#quarantine.isOver(this.#lanes.values());
    this.#lanes = new Map();
  }

  /**
   * Goes on behind records that the broker has deleted.
   *
   * @returns what is wrong, with its remedy, where the partition ends before the offset that was committed
   */
  async passExpired(group: ConsumerGroup, topic: string, partition: number): Promise<string | undefined> {
    const key = partitionKey(topic, partition);
    const at = new Map([[topic, [partition]]]);
    const [earliest, latest] = await Promise.all([
      boundaryOffsets(group.cluster, at, 'earliest'),
      boundaryOffsets(group.cluster, at, 'latest'),
    ]);
    const lane = this.#lanes.get(key);
    if (lane === undefined) return undefined;
    const end = latest.get(key) ?? 0;
    if (lane.next > end) {
      return (
        `${topic}:${partition} ends at offset ${end}, but the group has committed ${lane.next}: the topic was made anew, ` +
        `or has lost records. Decide where to go on and set it with kafka-consumer-groups --group ${group.groupId} ` +
        `--topic ${topic}:${partition} --reset-offsets --to-offset … --execute, then start again`
      );
    }
    this.#skipExpired(lane, earliest.get(key) ?? 0);
    pointAt(group, lane);
    return undefined;
  }

  /** Whether topics have grown, or shrunk, so that another set of partitions can be served than at the last join. */
  servedChanged(): boolean {
    if (this.#cluster === undefined || this.#lanes.size === 0) return false;
    return describe(servableNow(this.#cluster, this.#settings.topics).partitions) !== this.#served;
  }

  /** Where each lane of a topic reads next. */
  positions(topic: string): { partition: number; next: number }[] {
    return [...this.#lanes.values()].filter((lane) => lane.topic === topic);
  }

  /** Every lane's state, with the ends of their partitions asked of the brokers. */
  async states(): Promise<LaneState[]> {
    const lanes = [...this.#lanes.values()];
    if (this.#cluster === undefined || lanes.length === 0) return [];
    const partitions = new Map([...byTopic(lanes)].map(([topic, own]) => [topic, own.map((lane) => lane.partition)]));
    this.#ends = await boundaryOffsets(this.#cluster, partitions, 'latest');
    return this.statesNow();
  }

  /** Every lane's state, with the ends of their partitions as they were asked of the brokers last. */
  statesNow(): LaneState[] {
    return [...this.#lanes.values()].map((lane) =>
      stateOf(lane, this.#ends.get(partitionKey(lane.topic, lane.partition)), this.#ports.waits.of(lane)),
    );
  }

  /** Records that the broker deleted before they were read are gone; that is told loudly, and reading goes on behind. */
  #skipExpired(lane: Lane, earliest: number): void {
    const { topic, partition, next } = lane;
    if (next >= earliest) return;
    this.#ports.observe({ kind: 'expired', topic, partition, committed: next, earliest });
    this.#parked.expired(topic, partition, earliest);
    lane.skipTo(earliest);
  }
}

/** Makes kafkajs fetch what the lane waits for; its own bookkeeping counts in records already read. */
function pointAt(group: ConsumerGroup, { topic, partition, next }: Lane): void {
  group.resolveOffset({ topic, partition, offset: String(next - 1) });
}

function onlyOf(partitions: Partitions, number: number): Partitions {
  return new Map([...partitions].map(([topic, numbers]) => [topic, numbers.filter((one) => one === number)]));
}

function describe(partitions: Partitions): string {
  return [...partitions].map(([topic, numbers]) => `${topic}:${String(numbers.length)}`).join(' ');
}
