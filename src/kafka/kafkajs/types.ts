import type { FetchedMessage } from '../wire/batch-records.ts';
import type { FetchedMessages } from '../wire/record-batches.ts';

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

export interface FetchQuery {
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

export interface FetchAnswer {
  readonly responses: { topicName: string; partitions: FetchedPartition[] }[];
}

export interface Broker {
  readonly nodeId: number;
  isConnected(): boolean;
  heartbeat(position: GroupPosition): Promise<unknown>;
  describeGroups(query: { readonly groupIds: readonly string[] }): Promise<{
    readonly groups: readonly {
      /** The name of the assigner. */
      readonly protocol: string;
      readonly members: readonly { readonly memberMetadata: Buffer }[];
    }[];
  }>;
  findGroupCoordinator(query: {
    readonly groupId: string;
    readonly coordinatorType: number;
  }): Promise<{ readonly coordinator: { readonly nodeId: number } }>;
  initProducerId(query: { readonly transactionalId: string; readonly transactionTimeout: number }): Promise<unknown>;
  offsetCommit(commit: GroupPosition & { readonly topics: readonly TopicOffsets[] }): Promise<unknown>;
  fetch(query: FetchQuery): Promise<FetchAnswer>;
  /** An isolation level of 1 ends where transactions are open, 0 does not. Timestamp -1 asks for the end. */
  listOffsets(query: {
    readonly replicaId: number;
    readonly isolationLevel: number;
    readonly topics: readonly { topic: string; partitions: readonly { partition: number; timestamp: number }[] }[];
  }): Promise<{ responses: TopicOffsets[] }>;
  offsetFetch(query: {
    readonly groupId: string;
    readonly topics: readonly { topic: string; partitions: readonly { partition: number }[] }[];
  }): Promise<{ responses: TopicOffsets[] }>;
}

export interface Cluster {
  /** Of every broker that is known. */
  getNodeIds(): string[];
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

/** What a broker answered of one partition. */
export interface FetchedPartition {
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
  readonly lastStableOffset: string;
  /** Control records and aborted transactions included. */
  readonly rawMessages: Readonly<FetchedMessages>;
  /** The ones a reader may see. */
  readonly messages: readonly FetchedMessage[];
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
  fetch(nodeId: string): Promise<FetchedBatch[]>;
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
