import type { PaymentFinal } from '../core/event.ts';
import type { Exchange, SystemicCodes } from '../core/outcome.ts';
import type { KafkaRecord, OutgoingRecord } from '../core/record.ts';
import type { RetryPolicy } from '../core/retry-policy.ts';
import type { Topology } from '../core/topology.ts';
import type { AttemptResult, NextStep } from '../core/sending.ts';
import type { DecodeError, Fact, ProduceTarget } from './facts.ts';
import type { AllParkedKeys } from './all-parked-keys.ts';
import type { Waits } from './waits.ts';

/** Bytes read as an event, or why they cannot be. */
export type Decoded =
  | { readonly kind: 'event'; readonly event: PaymentFinal }
  | { readonly kind: 'undecodable'; readonly error: DecodeError; readonly detail: string };

/** Reads a record's value. Throws where the registry does not answer: then nothing is decided. */
export type Decode = (value: Buffer | null) => Promise<Decoded>;

/** A request that was sent, with what came back. */
export interface SentRequest {
  readonly exchange: Exchange;
  readonly keyVersion: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly durationMs: number;
}

/**
 * Signs and posts one body. Whatever goes wrong on the wire is returned, and not thrown.
 *
 * @param beforeSend called after signing, and again when the connection is there, right before the first byte; if it throws,
 *   nothing is sent and its error is thrown
 * @param signal aborts a request in flight: the exchange is then a `no_response`
 * @param keyChoice 0 signs with the key version in use, 1 with the active one, and each higher number with the next one
 *   at hand
 */
export type Send = (
  body: Buffer,
  beforeSend: () => void,
  signal: AbortSignal,
  keyChoice: number,
) => Promise<SentRequest>;

/** What a write has come to: the offset, or that the broker will never take a record of this size. */
export type Written = { readonly offset: number } | 'too_large';

/**
 * Writes a record. Returns when all in-sync replicas have acknowledged it.
 *
 * @param mayWrite called right before the record is handed over; if it throws, nothing is written and its error is
 *   thrown
 * @returns `too_large` where it fits not even compressed. Throws for every other failure, `NotAllowed` where this user may
 *   not write there.
 */
export type Publish = (target: ProduceTarget, record: OutgoingRecord, mayWrite: () => void) => Promise<Written>;

/** The right to send one request. */
export interface Pass {
  /** Which key version to sign with, as `Send` takes it; above 0 only while our key is what is refused. */
  readonly keyChoice: number;
  /** Gives the pass back with the result of the request, `undefined` where there is none. Says what to do next. */
  done(result: RecordResult | undefined): NextStep;
}

/** What the request for a record came to. */
export type RecordResult = AttemptResult & Pick<KafkaRecord, 'trace'>;

/**
 * Live records, which come from the source, are sent before those of a retry topic where not all can be sent at once.
 */
export type Priority = 'live' | 'retry';

/** Waits for the right to send; throws `Abandoned` when `closing` is aborted first. */
export type Enter = (closing: AbortSignal, from: Priority) => Promise<Pass>;

/** Takes note of a fact. Never throws. */
export type Observe = (fact: Fact) => void;

/** The right to work on a record, lost when its partition may belong to another member. */
export interface Ownership {
  /**
   * Aborted as soon as this member has to hand its partitions over: whoever waits gives up, a request in flight goes
   * on.
   */
  readonly closing: AbortSignal;
  /**
   * Aborted while partitions are handed over, some time before the right ends: what is settled by now is still committed,
   * what only has to be told of it is given up.
   */
  readonly lastCall: AbortSignal;
  /** Aborted when the right has ended: nothing may be sent, written or committed any more. */
  readonly ended: AbortSignal;
  /**
   * Throws `Abandoned` where the right has ended; before sending, also where the last heartbeat is too old to be sure.
   */
  assertHeld(sending: boolean): void;
  /**
   * Resolves when the right is sure not to have ended: at once, or with the next heartbeat that is answered, where the last
   * one is too old. Throws `Abandoned` where the right has ended.
   */
  confirmed(): Promise<void>;
}

/** Everything `processRecord` works with. */
export interface Ports {
  readonly decode: Decode;
  readonly send: Send;
  readonly publish: Publish;
  readonly parkedKeys: AllParkedKeys;
  /** Told of everything that a record has to wait for. */
  readonly waits: Waits;
  readonly observe: Observe;
  readonly enter: Enter;
  /** Called when a probe was accepted that was signed with this version, while the version in use is refused. */
  readonly keyWorked: (version: string) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly settings: PipelineSettings;
}

export interface PipelineSettings {
  readonly topology: Topology;
  readonly retry: RetryPolicy;
  readonly systemic: SystemicCodes;
  /** Zone of `paymentTime`, e.g. `+08:00`. */
  readonly timeOffset: string;
}

/** The work on a record was given up because its partition may belong to another member. The record is not settled. */
export class Abandoned extends Error {
  override readonly name: string = 'Abandoned';
}

/** Given up with a request sent whose result cannot be written: when the partition is worked on again, it is sent again. */
export class LeftUnsettled extends Abandoned {
  override readonly name = 'LeftUnsettled';
}

/** The brokers do not allow it, and will not before somebody changes that. */
export class NotAllowed extends Error {
  override readonly name = 'NotAllowed';
}
