import { setTimeout as sleep } from 'node:timers/promises';
import type { Producer } from 'kafkajs';
import { sampleEvent } from '../../src/cli/sample-events.ts';
import type { Answer, Profile } from '../../src/simulator/faults.ts';
import { avroBytes, framed, PAYMENT_FINAL, register } from '../support/schemas.ts';
import type { World } from '../support/world.ts';
import type { Random } from './random.ts';

/** What the gateway does with a payment; the last part of its id says which, so that every phase knows it. */
const FATES: Readonly<Record<string, { readonly share: number; readonly attempts: number; readonly answer: Answer }>> =
  {
    unknown: { share: 0.03, attempts: 1, answer: { code: 'UNKNOWN_EXCEPTION' } },
    unknown3: { share: 0.01, attempts: 3, answer: { code: 'UNKNOWN_EXCEPTION' } },
    unsigned: { share: 0.01, attempts: 1, answer: { code: 'SUCCESS', sign: 'none' } },
    http503: { share: 0.01, attempts: 1, answer: { fault: 'http', status: 503 } },
    reset: { share: 0.005, attempts: 1, answer: { fault: 'reset_after_read' } },
    silent: { share: 0.002, attempts: 1, answer: { fault: 'no_answer' } },
    slow: { share: 0.01, attempts: 1, answer: { code: 'SUCCESS', delayMs: 300 } },
    refused: { share: 0.02, attempts: 1_000_000, answer: { code: 'PROCESS_FAIL' } },
  };
const POISON_SHARE = 0.005;
const NULL_KEY_SHARE = 0.1;
const RICH_WRITER_SHARE = 0.3;
const KEYS_PER_PARTITION = 60;
const TICK_MS = 200;
const BACKLOG_SECONDS = 8;
const LATENCY_MS = 3;

/** The schema of a writer that also writes what nobody reads, before and behind what is read. */
const RICH_WRITER = {
  ...PAYMENT_FINAL,
  fields: [
    { name: 'labels', type: { type: 'array', items: 'string' } },
    ...PAYMENT_FINAL.fields,
    { name: 'amounts', type: { type: 'map', values: { type: 'array', items: 'long' } } },
  ],
};

/** The gateway as it is between its own faults; `first` goes before everything. */
export function everydayProfile(first: NonNullable<Profile['rules']> = []): Profile {
  const rules = Object.entries(FATES).map(([fate, { attempts, answer }]) => ({
    when: { paymentId: `*-${fate}`, attempt: { to: attempts } },
    answer,
  }));
  return { delayMs: LATENCY_MS, rules: [...first, ...rules] };
}

/** Writes events with repeating keys to all partitions, as fast as it may and never further ahead than some seconds. */
export class Load {
  readonly #world: World;
  readonly #random: Random;
  readonly #perSecond: number;
  readonly #richWriterId: number;
  #producer: Producer | undefined;
  #number = 0;
  /** Records that the brokers have acknowledged. */
  written = 0;
  /** The payments of those that are events. */
  readonly payments: string[] = [];

  private constructor(world: World, random: Random, perSecond: number, richWriterId: number) {
    this.#world = world;
    this.#random = random;
    this.#perSecond = perSecond;
    this.#richWriterId = richWriterId;
  }

  /** Makes its second writer's schema known to the registry. */
  static async create(world: World, random: Random, perSecond: number, registryUrl: string): Promise<Load> {
    const id = await register('payment-final-rich-value', RICH_WRITER, 'AVRO', registryUrl);
    return new Load(world, random, perSecond, id);
  }

  /** Goes on until told to end. @param finished how many of the records have their verdict */
  async run(ending: AbortSignal, finished: () => number): Promise<void> {
    let due = 0;
    let last = performance.now();
    while (!ending.aborted) {
      const now = performance.now();
      due = Math.min(due + ((now - last) / 1_000) * this.#perSecond, this.#perSecond);
      last = now;
      const room = this.#perSecond * BACKLOG_SECONDS - (this.written - finished());
      const count = Math.floor(Math.min(due, room));
      if (count > 0) {
        due -= count;
        await this.#write(count).catch(() => this.close());
      }
      await sleep(TICK_MS, undefined, { signal: ending }).catch(() => undefined);
    }
    await this.close();
  }

  /** A producer is used until its first failure. */
  async close(): Promise<void> {
    await this.#producer?.disconnect().catch(() => undefined);
    this.#producer = undefined;
  }

  /**
   * Where it fails, the records may stand in the topic or not; what counts is what stands there. Nothing is sent a second
   * time: while brokers come and go, the client's own retries have written payments twice.
   */
  async #write(count: number): Promise<void> {
    this.#producer ??= this.#world.kafka.producer({ maxInFlightRequests: 1, retry: { retries: 0 } });
    await this.#producer.connect();
    const messages = Array.from({ length: count }, () => this.#record());
    const taken = await this.#producer.send({ topic: this.#world.source, messages });
    const partitions = new Set(taken.map(({ partition }) => partition));
    const sent = messages.filter(({ partition }) => partitions.has(partition));
    this.written += sent.length;
    for (const { headers } of sent) if (headers['payment'] !== undefined) this.payments.push(headers['payment']);
    // The client leaves out records of a partition it has not heard of yet, without a word.
    if (sent.length < count) await this.close();
  }

  #record(): { partition: number; key: string | null; value: Buffer; headers: Record<string, string> } {
    const partition = this.#random.between(0, this.#world.partitions - 1);
    const named = this.#random.next() >= NULL_KEY_SHARE;
    const key = named ? `key-${this.#random.between(1, KEYS_PER_PARTITION)}` : null;
    if (this.#random.next() < POISON_SHARE) return { partition, key, value: Buffer.from('no event'), headers: {} };
    const payment = `${(this.#number += 1)}-${this.#fate()}`;
    return {
      partition,
      key,
      value: this.#encoded(sampleEvent(payment, this.#random.next() < 0.95)),
      headers: { payment },
    };
  }

  #encoded(event: ReturnType<typeof sampleEvent>): Buffer {
    if (this.#random.next() >= RICH_WRITER_SHARE) return this.#world.encode(event);
    const labels = Array.from({ length: this.#random.between(0, 3) }, (_, at) => `label-${at}`);
    const amounts = Object.fromEntries(labels.map((label, at) => [label, [at, -at]]));
    return framed(this.#richWriterId, avroBytes(RICH_WRITER, { ...event, labels, amounts }));
  }

  #fate(): string {
    let lot = this.#random.next();
    for (const [fate, { share }] of Object.entries(FATES)) {
      lot -= share;
      if (lot < 0) return fate;
    }
    return 'good';
  }
}
