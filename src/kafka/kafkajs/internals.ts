import { createRequire } from 'node:module';
import type { FetchedMessage } from '../wire/batch-records.ts';
import { readBatches, type FetchedMessages } from '../wire/record-batches.ts';

/**
 * The only door into kafkajs' private parts. Its public interface has no moment between "a rebalance is coming" and
 * "rejoined", decides by itself where to read next, and polls each connection a thousand times a second. The parts
 * below are as they stand in the one version named here; another version is refused when this module is loaded.
 */
const KAFKAJS_VERSION = '2.2.4';

const require = createRequire(import.meta.url);
const { version } = require('kafkajs/package.json') as { version: string };
if (version !== KAFKAJS_VERSION) {
  throw new Error(`kafkajs ${version} is installed, but its inner parts are known for ${KAFKAJS_VERSION} only`);
}

/** Offsets as the wire has them: decimal text. */
export interface PartitionOffset {
  readonly partition: number;
  readonly offset: string;
  readonly metadata?: string | null;
}

export interface TopicOffsets {
  readonly topic: string;
  readonly partitions: readonly PartitionOffset[];
}

export interface GroupPosition {
  readonly groupId: string;
  readonly groupGenerationId: number;
  readonly memberId: string;
}

interface FetchQuery {
  readonly isolationLevel: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  /** Milliseconds. */
  readonly maxWaitTime: number;
  readonly topics: readonly {
    topic: string;
    partitions: readonly { partition: number; fetchOffset: string; maxBytes: number }[];
  }[];
}

interface FetchAnswer {
  readonly responses: { topicName: string; partitions: FetchedPartition[] }[];
}

export interface Broker {
  readonly nodeId: number;
  isConnected(): boolean;
  heartbeat(position: GroupPosition): Promise<unknown>;
  offsetCommit(commit: GroupPosition & { readonly topics: readonly TopicOffsets[] }): Promise<unknown>;
  fetch(query: FetchQuery): Promise<FetchAnswer>;
  offsetFetch(query: {
    readonly groupId: string;
    readonly topics: readonly { topic: string; partitions: readonly { partition: number }[] }[];
  }): Promise<{ responses: TopicOffsets[] }>;
}

export interface Cluster {
  findBroker(query: { nodeId: string }): Promise<Broker>;
  findGroupCoordinator(query: { groupId: string }): Promise<Broker>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  findTopicPartitionMetadata(topic: string): { partitionId: number; leader: number }[];
  fetchTopicsOffset(
    topics: readonly { topic: string; partitions: readonly { partition: number }[]; fromBeginning: boolean }[],
  ): Promise<TopicOffsets[]>;
}

/** What a broker answered of one partition; `Batch` makes it readable. */
interface FetchedPartition {
  readonly partition: number;
  readonly highWatermark: string;
  /** Nothing behind it can be read yet: transactions are open. */
  readonly lastStableOffset: string;
  abortedTransactions: { producerId: string; firstOffset: string }[];
  messages: FetchedMessages;
}

export interface FetchedBatch {
  readonly topic: string;
  readonly partition: number;
  /** What the broker was asked for. */
  readonly fetchedOffset: string;
  readonly highWatermark: string;
  /** Control records and aborted transactions included. */
  readonly rawMessages: Readonly<FetchedMessages>;
  /** The ones a reader may see. */
  readonly messages: readonly FetchedMessage[];
  lastOffset(): string;
}

export interface Assigner {
  readonly name: string;
}

interface TopicPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

/** kafkajs' view of this member of the group; made anew after each crash of its consumer. */
export interface ConsumerGroup {
  readonly cluster: Cluster;
  readonly groupId: string;
  readonly assigners: readonly Assigner[];
  coordinator: Broker | null;
  readonly generationId: number | null;
  memberId: string | null;
  /** Epoch milliseconds of its last heartbeat; 0 makes it send the next one at once. */
  lastRequest: number;
  joinAndSync(): Promise<void>;
  leave(): Promise<void>;
  fetch(nodeId: number): Promise<FetchedBatch[]>;
  recoverFromFetch(error: KafkaError): Promise<void>;
  recoverFromOffsetOutOfRange(error: KafkaError): Promise<void>;
  assigned(): TopicPartitions[];
  resolveOffset(position: { topic: string; partition: number; offset: string }): void;
  pause(partitions: readonly TopicPartitions[]): void;
  resume(partitions: readonly TopicPartitions[]): void;
}

/** An error of kafkajs: `type` is the protocol's name, where the broker gave one. */
export interface KafkaError extends Error {
  readonly type?: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly cause?: unknown;
}

/** What was fetched of one partition, as kafkajs hands it on. */
export const Batch = require('kafkajs/src/consumer/batch.js') as new (
  topic: string,
  fetchedOffset: string,
  partition: FetchedPartition,
) => FetchedBatch;

export const READ_COMMITTED = 1;

/** What a member does instead of kafkajs' own way; `inner` is that way. */
export interface GroupHooks {
  join(group: ConsumerGroup, inner: () => Promise<void>): Promise<void>;
  leave(group: ConsumerGroup, inner: () => Promise<void>): Promise<void>;
  fetch(group: ConsumerGroup, inner: () => Promise<FetchedBatch[]>): Promise<FetchedBatch[]>;
  recover(group: ConsumerGroup, error: KafkaError, inner: () => Promise<void>): Promise<void>;
}

const hooksByAssigner = new WeakMap<Assigner, GroupHooks>();

/** From now on the groups that use this assigner go by these hooks; all others stay as kafkajs made them. */
export function hookGroupsOf(assigner: Assigner, hooks: GroupHooks): void {
  hooksByAssigner.set(assigner, hooks);
}

function hooksOf(group: ConsumerGroup): GroupHooks | undefined {
  for (const assigner of group.assigners) {
    const hooks = hooksByAssigner.get(assigner);
    if (hooks !== undefined) return hooks;
  }
  return undefined;
}

type Methods = Pick<ConsumerGroup, 'joinAndSync' | 'leave' | 'fetch' | 'recoverFromFetch'>;
const { prototype } = require('kafkajs/src/consumer/consumerGroup.js') as { prototype: Methods };
const original: Methods = {
  joinAndSync: prototype.joinAndSync,
  leave: prototype.leave,
  fetch: prototype.fetch,
  recoverFromFetch: prototype.recoverFromFetch,
};

prototype.joinAndSync = function (this: ConsumerGroup) {
  const inner = (): Promise<void> => original.joinAndSync.call(this);
  return hooksOf(this)?.join(this, inner) ?? inner();
};
prototype.leave = function (this: ConsumerGroup) {
  const inner = (): Promise<void> => original.leave.call(this);
  return hooksOf(this)?.leave(this, inner) ?? inner();
};
prototype.fetch = function (this: ConsumerGroup, nodeId) {
  const inner = (): Promise<FetchedBatch[]> => original.fetch.call(this, nodeId);
  return hooksOf(this)?.fetch(this, inner) ?? inner();
};
prototype.recoverFromFetch = function (this: ConsumerGroup, error) {
  const inner = (): Promise<void> => original.recoverFromFetch.call(this, error);
  return hooksOf(this)?.recover(this, error, inner) ?? inner();
};

/**
 * kafkajs decodes the batches of an answer while it reads it, all or none of them. Here they stay bytes until the whole
 * answer is there, and what was asked for as well. It loads this part when it first needs it, from here.
 */
interface ByteReader {
  readInt32(): number;
  readBytes(length: number): Buffer;
}
const decodeMessages = 'kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js';
require(decodeMessages);
const module = require.cache[require.resolve(decodeMessages)] as { exports: unknown };
module.exports = (decoder: ByteReader): Promise<Buffer> => {
  const size = decoder.readInt32();
  return Promise.resolve(size > 0 ? decoder.readBytes(size) : Buffer.alloc(0));
};

const { prototype: broker } = require('kafkajs/src/broker/index.js') as {
  prototype: { fetch: (this: unknown, query: FetchQuery) => Promise<FetchAnswer> };
};
const { fetch: fetchBytes } = broker;
broker.fetch = async function (query) {
  const answer = await fetchBytes.call(this, query);
  const asked = new Map<string, string>();
  for (const { topic, partitions } of query.topics) {
    for (const { partition, fetchOffset } of partitions) asked.set(`${topic}:${partition}`, fetchOffset);
  }
  for (const { topicName, partitions } of answer.responses) {
    for (const part of partitions) {
      const bytes: unknown = part.messages;
      // Brokers from before 0.11 answer in another way.
      if (!(bytes instanceof Buffer)) continue;
      const { highWatermark, abortedTransactions: aborted } = part;
      const from = Number(asked.get(`${topicName}:${part.partition}`) ?? 0);
      part.messages = await readBatches(bytes, { from, end: Number(highWatermark), aborted });
      part.abortedTransactions = [];
    }
  }
  return answer;
};

/** kafkajs arms a timer of 0 ms after every request of every connection, for ever; it is needed only while requests wait. */
interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests: (this: RequestQueue) => void;
}
const queue = (require('kafkajs/src/network/requestQueue/index.js') as { prototype: RequestQueue }).prototype;
const { scheduleCheckPendingRequests } = queue;
queue.scheduleCheckPendingRequests = function () {
  if (this.pending.length > 0) scheduleCheckPendingRequests.call(this);
};

/** Stands for the value of a header that has none: kafkajs cannot measure such a header, but it could write it. */
export const NO_VALUE = Buffer.alloc(0);

interface Encoder {
  writeVarIntBytes: (this: Encoder, value: Buffer | string | null) => Encoder;
}
const encoder = (require('kafkajs/src/protocol/encoder.js') as { prototype: Encoder }).prototype;
const { writeVarIntBytes } = encoder;
/** Length 0 and length -1 take one byte each, so a header measured as empty can be written as one without a value. */
encoder.writeVarIntBytes = function (value) {
  return writeVarIntBytes.call(this, value === NO_VALUE ? null : value);
};
