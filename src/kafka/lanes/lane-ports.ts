import type { KafkaRecord } from '../../core/record.ts';
import type { AllParkedKeys } from '../../pipeline/all-parked-keys.ts';
import type { Observe, Ownership } from '../../pipeline/ports.ts';
import type { Waits } from '../../pipeline/waits.ts';
import type { TopicSet } from '../group/assigner.ts';
import type { ConsumerGroup } from '../kafkajs/types.ts';

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
  /** A broker does not know a topic that was assigned: one that is gone, or another one by now, is suspect after that. */
  readonly unknownTopic: (group: ConsumerGroup) => Promise<void>;
  /** Whether this process still writes a copy or a letter for a partition number, whoever waits for it. */
  readonly isWriting: (partition: number) => boolean;
  /** Has this member join again, as soon as what is in flight is finished. */
  readonly joinAgain: () => void;
}

export interface LaneSettings {
  readonly topics: TopicSet;
  /** Records of different keys of one source partition in flight at once. */
  readonly concurrency: number;
}
