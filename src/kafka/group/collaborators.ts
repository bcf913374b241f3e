import type { Committed } from '../kafkajs/offsets.ts';
import type { Cluster, ConsumerGroup, FetchedBatch } from '../kafkajs/types.ts';
import type { Epoch } from './epoch.ts';

/** What a group has committed of the partitions that a member was just given, by `partitionKey`. */
export type KnownOffsets = ReadonlyMap<string, Committed>;

/** What is done with the partitions this member is given. */
export interface Work {
  /** Gets ready for the partitions just assigned. Throws where the brokers do not tell what that takes. */
  open(group: ConsumerGroup, epoch: Epoch, known: KnownOffsets): Promise<void>;
  /** Takes records that were fetched. */
  take(group: ConsumerGroup, batch: FetchedBatch): void;
  /**
   * Resolves when nothing is in flight any more and what is settled is committed; the epoch is closing.
   *
   * @returns whether all that had begun was settled
   */
  drain(): Promise<boolean>;
  /** Whether a commit was given up that may still be carried out: nothing newer is committed before the next generation. */
  readonly isInDoubt: boolean;
  /** The epoch has ended: what is not settled is for whoever gets the partitions next. */
  closed(): void;
}

/** The watch over topics: they may be deleted, and made anew, while they are read. */
export interface TopicWatch {
  /** Before each try to join: lists the topics anew, and has the group subscribe to all that are to be read. */
  listAnew(group: ConsumerGroup): Promise<void>;
  /** Where work may begin with this assignment; `undefined` where it may not: the next join is asked for, or the end. */
  admit(group: ConsumerGroup): Promise<KnownOffsets | undefined>;
  /** Work has begun with the assignment: what is parked is known. */
  begun(): void;
  /** Looks which topics there are, and lets the client go on with those. */
  look(cluster: Cluster): Promise<void>;
  /** Whether what is written to a topic waits there anyway. */
  mayWait(topic: string): boolean;
  /** A broker does not know a topic that is read. */
  unknownTopic(group: ConsumerGroup): Promise<void>;
  /** A broker does not have the offset that was asked for. */
  outOfRange(group: ConsumerGroup, topic: string, partition: number): Promise<void>;
}

/** The wish to join again at the next occasion, because what there is to share has changed. */
export class RejoinRequest {
  #isPending = false;

  get isPending(): boolean {
    return this.#isPending;
  }

  ask(): void {
    this.#isPending = true;
  }

  fulfil(): void {
    this.#isPending = false;
  }
}
