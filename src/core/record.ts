/** Header values by name, as Kafka carries them. A name that is repeated has its values in order. */
export type Headers = Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>;

/** Where in which trace a record was written. */
export interface TraceContext {
  /** 32 hexadecimal digits in lower case, not all zero. */
  readonly traceId: string;
  /** The span that wrote the record: 16 hexadecimal digits in lower case, not all zero. */
  readonly spanId: string;
  /** Whether whoever began the trace records it. */
  readonly sampled: boolean;
}

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
  /** By its header `traceparent`, where that is valid. */
  readonly trace?: TraceContext | undefined;
  /** Set where nothing of the record is known but its topic, partition and offset. */
  readonly unreadable?: Unreadable;
}

/** Why no record could be read from bytes that nobody has changed since they were written. */
export interface Unreadable {
  readonly reason: 'undecodable' | 'too_large';
  readonly detail: string;
}

/** A record to be written. */
export interface OutgoingRecord {
  readonly topic: string;
  /** Where absent, Kafka chooses it by the key. */
  readonly partition?: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
}

/** `<topic>:<partition>:<offset>`, as commands and logs name a record. */
export function recordName({ topic, partition, offset }: { topic: string; partition: number; offset: number }): string {
  return `${topic}:${partition}:${offset}`;
}
