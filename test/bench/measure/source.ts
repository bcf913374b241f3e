import { setTimeout as sleep } from 'node:timers/promises';
import type { Message, Producer } from 'kafkajs';
import { sampleEvent } from '../../../src/cli/sample-events.ts';
import { avroBytes, framed, PAYMENT_FINAL } from '../../support/schemas.ts';
import { until } from '../../support/until.ts';
import type { Ground } from './ground.ts';

const AT_ONCE = 12_000;

/** Writes events, each of a payment of its own, to all partitions of a topic in turn. */
export class Source {
  readonly topic: string;
  readonly #partitions: number;
  readonly #producer: Producer;
  readonly #schemaId: number;
  #written = 0;

  private constructor(topic: string, partitions: number, producer: Producer, schemaId: number) {
    this.topic = topic;
    this.#partitions = partitions;
    this.#producer = producer;
    this.#schemaId = schemaId;
  }

  /** Makes the topic where it is not there yet. */
  static async open({ admin, kafka, schemaId, prefix }: Ground, partitions: number, tiers: number): Promise<Source> {
    const topic = `${prefix}-${partitions}x${tiers}`;
    await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: false });
    await until('the source to have leaders', () =>
      admin.fetchTopicMetadata({ topics: [topic] }).then(
        ({ topics: [made] }) => made?.partitions.every(({ leader }) => leader >= 0),
        () => false,
      ),
    );
    const producer = kafka.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    return new Source(topic, partitions, producer, schemaId);
  }

  /** Writes as fast as the brokers take it. */
  async write(count: number): Promise<void> {
    for (let left = count; left > 0; left -= AT_ONCE) {
      const messages = Array.from({ length: Math.min(AT_ONCE, left) }, () => this.#next().message);
      await this.#producer.send({ topic: this.topic, messages });
    }
  }

  /** Writes at fixed times, whatever becomes of what was written; gives each payment's time on the monotonic clock. */
  async writeAtRate(perSecond: number, seconds: number): Promise<ReadonlyMap<string, number>> {
    const written = new Map<string, number>();
    const sending: Promise<unknown>[] = [];
    const began = nowMs();
    for (let number = 0; number < perSecond * seconds; number += 1) {
      const waitMs = began + (number * 1_000) / perSecond - nowMs();
      if (waitMs > 0) await sleep(waitMs);
      const { id, message } = this.#next();
      written.set(id, nowMs());
      sending.push(this.#producer.send({ topic: this.topic, messages: [message] }));
    }
    await Promise.all(sending);
    return written;
  }

  async close(): Promise<void> {
    await this.#producer.disconnect();
  }

  #next(): { readonly id: string; readonly message: Message } {
    const number = (this.#written += 1);
    const id = `BENCH-${number}`;
    const value = framed(this.#schemaId, avroBytes(PAYMENT_FINAL, sampleEvent(id, true)));
    return { id, message: { key: id, value, partition: number % this.#partitions } };
  }
}

/** As `gateway-server.ts` tells the time: one clock for all processes of this machine. */
function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
