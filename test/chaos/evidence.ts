/*
 * What the judge goes by: what stands in the topics, what the gateway recorded, what the brokers say of offsets and
 * members, and which faults were made. Nothing the service says of itself, but for outcomes that it could only log. Times are epoch milliseconds.
 */

/** A record of the source topic. */
export interface Written {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  /** Empty for bytes that are no event. */
  readonly paymentId: string;
  readonly at: number;
}

/** A request as the simulator recorded it; the names are those of its record. */
export interface SeenRequest {
  readonly seq: number;
  readonly at: number;
  /** Absent where the answer never went out. */
  readonly answeredAt?: number;
  /** When it was signed, by its own `Request-Time`. */
  readonly signedAt: number;
  readonly paymentId: string;
  readonly answered: string;
  readonly verification: string;
  readonly bodySha256: string;
}

/** A record of a retry topic. */
export interface Copy {
  /** `5s` of `<source>.retry.5s`. */
  readonly tier: string;
  readonly partition: number;
  readonly offset: number;
  /** Of the source record; its partition is the same. */
  readonly origin: number;
  readonly redriveCount: number;
  readonly hops: number;
  readonly attempts: number;
  readonly notBefore: number;
  readonly reason: string;
  /** Of the request body it carries; absent where it carries none. */
  readonly bodySha256?: string;
  /** When it was parked. */
  readonly at: number;
}

/** A record of the dead-letter topic. */
export interface Letter {
  readonly partition: number;
  readonly offset: number;
  readonly origin: number;
  readonly reason: string;
  readonly at: number;
}

/** A record of the outcomes topic, or the line of a member's log that stands in its place. */
export interface Told {
  readonly partition: number;
  /** Of the source record. */
  readonly origin: number;
  readonly verdict: 'delivered' | 'dead_lettered';
  readonly settledAt: number;
}

export const FAULTS = [
  'kill',
  'freeze',
  'eviction',
  'unclean_end',
  'roll',
  'join',
  'leave',
  'broker_kill',
  'broker_restart',
  'leaders_move',
  'partitions_added',
  'registry_down',
  'gateway_down',
  'systemic',
  'rate_cap',
] as const;
export type FaultKind = (typeof FAULTS)[number];

/** Something that was done to the system, or that the brokers say befell it. */
export interface Fault {
  readonly kind: FaultKind;
  /** When it began, and when its cause had gone. */
  readonly from: number;
  readonly to: number;
  /** Which member, broker or partition. */
  readonly whom?: string;
}

/** What a member owned in one generation of the group, as the coordinator stored it. */
export interface Owned {
  readonly member: string;
  /** `<tier>:<partition>`, the source's `main:<partition>`. */
  readonly lanes: ReadonlySet<string>;
  /** From this assignment's storing to that of the next; `Infinity` for the last. */
  readonly from: number;
  readonly to: number;
}

/** Everything the judgement rests on. */
export interface Evidence {
  readonly ordering: 'partition' | 'key';
  /** Records of a source partition in flight at once; 1 with `partition`. */
  readonly concurrency: number;
  readonly sessionTimeoutMs: number;
  readonly gatewayTimeoutMs: number;
  /** Payments that the brokers acknowledged to whom wrote them. */
  readonly acknowledged: readonly string[];
  readonly written: readonly Written[];
  readonly requests: readonly SeenRequest[];
  readonly copies: readonly Copy[];
  readonly letters: readonly Letter[];
  readonly told: readonly Told[];
  /** Committed offsets by `<tier>:<partition>`, the source's by `main:<partition>`; read before everything else. */
  readonly committed: ReadonlyMap<string, number>;
  readonly faults: readonly Fault[];
  readonly owned: readonly Owned[];
  /** While this lasted, there was always something to send. */
  readonly load: { readonly from: number; readonly to: number };
  /** Whether all faults were over and everything was given the time to settle. */
  readonly settled: boolean;
}
