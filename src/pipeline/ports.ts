import type { PaymentFinal } from '../core/event.ts';
import type { Exchange, SystemicCodes } from '../core/outcome.ts';
import type { OutgoingRecord } from '../core/record.ts';
import type { RetryPolicy } from '../core/retry-policy.ts';
import type { Topology } from '../core/topology.ts';
import type { Answer, Verdict } from '../core/sending.ts';
import type { DecodeError, Fact, ProduceTarget } from './facts.ts';
import type { AllParkedKeys } from './all-parked-keys.ts';

/** Bytes read as an event, or why they cannot be. */
export type Decoded =
  | { readonly kind: 'event'; readonly event: PaymentFinal }
  | { readonly kind: 'undecodable'; readonly error: DecodeError; readonly detail: string };

/** Reads a record's value. Throws where the registry does not answer: nothing is known of the record then. */
export type Decode = (value: Buffer | null) => Promise<Decoded>;

/** What a request brought, and which key signed it. */
export interface Sent {
  readonly exchange: Exchange;
  readonly keyVersion: string;
  /** Epoch milliseconds at which the request left. */
  readonly startedAt: number;
  readonly durationMs: number;
}

/**
 * Signs and posts one body. Never throws for what happened on the wire.
 *
 * @param beforeSend called after signing, right before the first byte; what it throws is thrown on, and nothing is sent
 * @param signal aborts a request in flight: the exchange is then a `no_response`
 * @param keyTurn 0 signs with the key version in use, 1 with the active one, each number above with the next at hand
 */
export type Send = (body: Buffer, beforeSend: () => void, signal: AbortSignal, keyTurn: number) => Promise<Sent>;

/**
 * Writes a record, acknowledged by all in-sync replicas.
 *
 * @param mayWrite called right before the record is handed over; what it throws is thrown on, and nothing is written
 * @returns the offset it was written at, or `too_large` where the broker will never take a record of this size. Throws
 *   for every other failure.
 */
export type Publish = (
  target: ProduceTarget,
  record: OutgoingRecord,
  mayWrite: () => void,
) => Promise<{ offset: number } | 'too_large'>;

/** The right to send one request. */
export interface Pass {
  /** Which key version to sign with, as `Send` takes it; above 0 only while our key is what is refused. */
  readonly keyTurn: number;
  /** Gives the pass back with what the request brought, `undefined` where none was sent, and hears what is to become of it. */
  done(answer: Answer | undefined): Verdict;
}

/** Whether a record comes from the source or from a retry topic: where sending is scarce, live records go first. */
export type Origin = 'live' | 'retry';

/** Waits for the right to send; throws `Abandoned` when `closing` is aborted first. */
export type Enter = (closing: AbortSignal, from: Origin) => Promise<Pass>;

/** Tells what happened. Never throws. */
export type Observe = (fact: Fact) => void;

/** The right to work on a record, lost when its partition may belong to another member. */
export interface Ownership {
  /** Aborted as soon as this member is to give its partitions back: waiting ends, a request in flight goes on. */
  readonly closing: AbortSignal;
  /** Aborted when the right has ended: whatever goes on is worth nothing any more. */
  readonly ended: AbortSignal;
  /** Throws `Abandoned` unless the right still stands; `sending` also asks for a fresh lease from the coordinator. */
  assertHeld(sending: boolean): void;
}

/** Everything `processRecord` works with. */
export interface Ports {
  readonly decode: Decode;
  readonly send: Send;
  readonly publish: Publish;
  readonly parkedKeys: AllParkedKeys;
  readonly observe: Observe;
  readonly enter: Enter;
  /** The gateway has answered a request signed with this version while the one in use was refused. */
  readonly keyWorked: (version: string) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly settings: PipelineSettings;
}

/** What of the configuration the pipeline needs. */
export interface PipelineSettings {
  readonly topology: Topology;
  readonly retry: RetryPolicy;
  readonly systemic: SystemicCodes;
  /** Zone of `paymentTime`, e.g. `+08:00`. */
  readonly timeOffset: string;
}

/** Work was given up because the partition may belong to another member; its record is not settled. */
export class Abandoned extends Error {
  override readonly name = 'Abandoned';
}
