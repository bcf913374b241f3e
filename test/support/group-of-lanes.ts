import type { KnownOffsets } from '../../src/kafka/group/collaborators.ts';
import { Epoch, instant } from '../../src/kafka/group/epoch.ts';
import type { ConsumerGroup, FetchedBatch, TopicOffsets } from '../../src/kafka/kafkajs/types.ts';
import { Lanes } from '../../src/kafka/lanes/lanes.ts';
import type { FetchedMessages } from '../../src/kafka/wire/record-batches.ts';
import { AllParkedKeys } from '../../src/pipeline/all-parked-keys.ts';
import { Waits } from '../../src/pipeline/waits.ts';
import type { Fact } from '../../src/pipeline/facts.ts';
import { deferred, soon, SOURCE, TOPOLOGY, type Deferred } from './fixtures.ts';

/** The one retry topic that is read. */
export const RETRY = `${SOURCE}.retry.5s`;

interface Script {
  /** By `topic:partition`; without one where nothing is named. */
  readonly committed?: Readonly<Record<string, { readonly offset: number; readonly metadata?: string }>>;
  /** The first and the last offset of each, by `topic:partition`; 0 and 0 where nothing is named. */
  readonly log?: Readonly<Record<string, { readonly first: number; readonly end: number }>>;
  readonly concurrency?: number;
}

type Places = readonly { readonly topic: string; readonly partitions: readonly number[] }[];

/** Partition 0 of the source and of a retry topic, as a member of a group reads them. */
export class GroupOfLanes {
  readonly facts: Fact[] = [];
  readonly parkedKeys = new AllParkedKeys();
  readonly waits = new Waits();
  readonly suspects = new Set<string>();
  readonly paused = new Set<string>();
  /** What kafkajs fetches next. */
  readonly positions = new Map<string, number>();
  readonly committed: string[] = [];
  /** Records in flight, by `topic:offset`, in the order in which they were started. */
  readonly going = new Map<string, Deferred<undefined>>();
  readonly epoch = new Epoch(1, 30_000, instant());
  readonly lanes: Lanes;
  readonly group: ConsumerGroup;
  /** Set to let commits wait. */
  committing: Promise<void> = Promise.resolve();
  /** Set to let the brokers think before they tell how far the topics go. */
  listing: Promise<void> = Promise.resolve();
  /** Partition numbers for which something is still being written. */
  readonly writing = new Set<number>();
  /** Whether the lanes want this member to join again. */
  isToJoin = false;
  /** How many partitions each topic has; only the first one is assigned. */
  partitions = 1;

  readonly #known: KnownOffsets;

  constructor({ committed = {}, log = {}, concurrency = 1 }: Script = {}) {
    this.lanes = new Lanes(
      { topics: { topology: TOPOLOGY, read: [SOURCE, RETRY] }, concurrency },
      {
        observe: (fact) => this.facts.push(fact),
        parkedKeys: this.parkedKeys,
        waits: this.waits,
        process: async ({ topic, offset }) => {
          const end = deferred<undefined>();
          this.going.set(`${topic}:${offset}`, end);
          await end.promise;
        },
        onError: () => undefined,
        isSuspect: (topic) => this.suspects.has(topic),
        joinAgain: () => (this.isToJoin = true),
        unknownTopic: () => Promise.resolve(),
        isWriting: (partition) => this.writing.has(partition),
      },
    );
    this.#known = new Map(Object.entries(committed).map(([at, own]) => [at, { metadata: '', ...own }] as const));
    const coordinator = {
      offsetCommit: async ({ topics }: { topics: readonly TopicOffsets[] }) => {
        await this.committing;
        for (const { topic, partitions } of topics) {
          for (const { offset, metadata } of partitions) this.committed.push(`${topic}@${offset} ${metadata ?? ''}`);
        }
      },
    };
    const endOf = (topic: string): string => String(log[`${topic}:0`]?.end ?? 0);
    const listOffsets = async ({ topics }: { topics: readonly { topic: string }[] }) => {
      await this.listing;
      return {
        responses: topics.map(({ topic }) => ({ topic, partitions: [{ partition: 0, offset: endOf(topic) }] })),
      };
    };
    const cluster = {
      findBroker: () => Promise.resolve({ listOffsets }),
      findGroupCoordinator: () => Promise.resolve(coordinator),
      findTopicPartitionMetadata: () =>
        Array.from({ length: this.partitions }, (_, partitionId) => ({ partitionId, leader: 1 })),
      fetchTopicsOffset: (topics: readonly { topic: string; fromBeginning: boolean }[]) =>
        Promise.resolve(
          topics.map(({ topic, fromBeginning }) => {
            const { first, end } = log[`${topic}:0`] ?? { first: 0, end: 0 };
            return { topic, partitions: [{ partition: 0, offset: String(fromBeginning ? first : end) }] };
          }),
        ),
    };
    const named = (places: Places) => places.map(({ topic, partitions }) => `${topic}:${partitions.join()}`);
    this.group = {
      ...{ cluster, coordinator, groupId: 'g', generationId: 1, memberId: 'm' },
      assigned: () => [SOURCE, RETRY].map((topic) => ({ topic, partitions: [0] })),
      resolveOffset: ({ topic, offset }: { topic: string; offset: string }) => {
        this.positions.set(topic, Number(offset) + 1);
      },
      pause: (places: Places) => named(places).forEach((name) => this.paused.add(name)),
      resume: (places: Places) => named(places).forEach((name) => this.paused.delete(name)),
    } as unknown as ConsumerGroup;
  }

  async open(epoch = this.epoch): Promise<this> {
    await this.lanes.open(this.group, epoch, this.#known);
    return this;
  }

  /**
   * Hands over what was fetched from an offset on: as many records, each of a key of its own, and behind them up to `last`
   * something that no reader sees.
   */
  async fetched(topic: string, from: number, count: number, last = from + count - 1): Promise<void> {
    const stored = (offset: number, isControlRecord: boolean): FetchedMessages[number] => {
      const key = Buffer.from(`k${offset}`);
      return { offset: `${offset}`, timestamp: '1', key, value: null, headers: {}, isControlRecord };
    };
    const messages: FetchedMessages = Array.from({ length: count }, (_, at) => stored(from + at, false));
    const rawMessages = last < from + count ? messages : [...messages, stored(last, true)];
    const batch = {
      topic,
      partition: 0,
      fetchedOffset: `${from}`,
      highWatermark: '1',
      lastStableOffset: '1',
      rawMessages,
      messages,
    };
    this.lanes.take(this.group, batch satisfies FetchedBatch);
    await soon();
  }

  /** Records in flight come to rest, the earliest first, and what follows them. */
  async settle(count: number): Promise<void> {
    for (let settled = 0; settled < count; settled += 1) {
      const [[name, end] = ['', undefined]] = this.going;
      this.going.delete(name);
      end?.resolve(undefined);
      await soon();
    }
  }
}
