/** Header values by name, as Kafka carries them; the values of a repeated name stand in their order. */
export type Headers = Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>;

/** A record as it was read. */
export interface KafkaRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  /** When it was fetched, in milliseconds of the monotonic clock. */
  readonly readAt: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
  /** Where it is there, nothing but the record's place is known. */
  readonly unreadable?: Unreadable;
}

/** Why no record could be taken out of bytes that are as they were written. */
export interface Unreadable {
  readonly reason: 'undecodable' | 'too_large';
  readonly detail: string;
}

/** A record to be written. */
export interface OutgoingRecord {
  readonly topic: string;
  /** Where absent, the key decides. */
  readonly partition?: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
}

/** `<topic>:<partition>:<offset>`, as commands and logs name a record. */
export function recordName({ topic, partition, offset }: { topic: string; partition: number; offset: number }): string {
  return `${topic}:${partition}:${offset}`;
}
