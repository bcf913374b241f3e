import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import kafkajs, { type Admin, type CompressionTypes, type IHeaders, type Kafka, type Producer } from 'kafkajs';
import { inject, onTestFinished } from 'vitest';
import { sampleEvent } from '../../src/cli/sample-events.ts';
import type { PaymentFinal } from '../../src/core/event.ts';
import { errorType } from '../../src/kafka/kafkajs/errors.ts';
import { registerSchema } from '../../src/kafka/produce/emitter.ts';
import { avroBytes, framed, PAYMENT_FINAL } from './schemas.ts';
import type { Profile } from '../../src/simulator/faults.ts';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../src/simulator/gateway.ts';
import { makeTopics } from './make-topics.ts';
import { pem, removeTemporaryFolders, rsaKeyPair, signingKeysFolder, temporaryFolder } from './keys.ts';
import { ServiceProcess } from './service-process.ts';
import { readTopic, type StoredRecord } from './topic-reader.ts';
import { until } from './until.ts';

/** A record that was written to the source topic. */
export interface SourceRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  /** Empty for bytes that are no event. */
  readonly paymentId: string;
}

/** Any bytes for the source topic; a record without `paymentId` is no event. */
export interface RawRecord {
  readonly paymentId?: string;
  readonly key: Buffer | string | null;
  readonly value: Buffer | null;
  readonly headers?: IHeaders;
  /** Epoch milliseconds; now where absent. */
  readonly timestamp?: number;
}

/** How a world is made. */
export interface WorldOptions {
  readonly partitions?: number;
  readonly profile?: Profile;
  /** What the gateway's page can load, and whom it asks for a hold. */
  readonly page?: Pick<SimulatorOptions, 'profiles' | 'service'>;
  /** The client's keys as the gateway knows them: a directory of `<keyVersion>.pem`; one key for all by default. */
  readonly clientKeys?: string;
  /** Of the service, beside those that every test needs. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Another cluster than the shared one. */
  readonly bootstrapServers?: string;
  /** Another registry than the shared one. */
  readonly registryUrl?: string;
  readonly replicationFactor?: number;
  /** Of the source topic, such as `max.message.bytes`. */
  readonly topicConfig?: Readonly<Record<string, string>>;
  /** Who ends the world; by default the test that made it. */
  readonly onEnd?: (end: () => Promise<void>) => void;
}

/** How the topic of outcomes is named behind the source. */
export const OUTCOMES = 'outcomes';

/** The simulator's certificate and keys are made once a worker. */
const stateDir = mkdtempSync(join(tmpdir(), 'payment-notifier-simulator-'));

/** Topics, a group, a gateway and the service's settings that no other test shares; gone when the test ends. */
export class World {
  readonly source: string;
  readonly group: string;
  /** Of the source; a test that adds some says so here. */
  partitions: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly written: SourceRecord[] = [];
  readonly services: ServiceProcess[] = [];
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly simulator: Simulator;
  readonly #producer: Producer;
  readonly #schemaId: number;

  private constructor(parts: {
    source: string;
    partitions: number;
    settings: Readonly<Record<string, string>>;
    kafka: Kafka;
    admin: Admin;
    producer: Producer;
    simulator: Simulator;
    schemaId: number;
  }) {
    this.source = parts.source;
    this.group = parts.source;
    this.partitions = parts.partitions;
    this.settings = parts.settings;
    this.kafka = parts.kafka;
    this.admin = parts.admin;
    this.simulator = parts.simulator;
    this.#producer = parts.producer;
    this.#schemaId = parts.schemaId;
  }

  static async create(options: WorldOptions = {}): Promise<World> {
    const {
      partitions = 3,
      bootstrapServers = inject('bootstrapServers'),
      registryUrl = inject('registryUrl'),
      replicationFactor = 1,
      topicConfig = {},
      onEnd = onTestFinished,
    } = options;
    const source = `pf-${randomUUID().slice(0, 8)}`;
    const kafka = new kafkajs.Kafka({
      brokers: bootstrapServers.split(','),
      logLevel: kafkajs.logLevel.NOTHING,
      retry: { retries: 10, initialRetryTime: 100, maxRetryTime: 2_000 },
    });
    const admin = kafka.admin();
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    const { privateKey, publicKey } = rsaKeyPair();
    const folders = [temporaryFolder({ 'client.pem': pem(publicKey) }), signingKeysFolder({ 1: privateKey })] as const;
    const [simulator, id] = await Promise.all([
      startSimulator({
        clientId: 'SANDBOX_TEST',
        publicKey: options.clientKeys ?? join(folders[0], 'client.pem'),
        stateDir,
        ...(options.profile !== undefined && { profile: options.profile }),
        ...options.page,
      }),
      schemaId(registryUrl),
      admin.connect(),
      producer.connect(),
    ]);
    const configEntries = Object.entries(topicConfig).map(([name, value]) => ({ name, value }));
    const topics = [{ topic: source, numPartitions: partitions, replicationFactor, configEntries }];
    await makeTopics(admin, topics);
    const world = new World({
      source,
      partitions,
      kafka,
      admin,
      producer,
      simulator,
      schemaId: id,
      settings: {
        KAFKA_BROKERS: bootstrapServers,
        KAFKA_GROUP_ID: source,
        KAFKA_SESSION_TIMEOUT: '8s',
        SCHEMA_REGISTRY_URL: registryUrl,
        SOURCE_TOPIC: source,
        CREATE_TOPICS: 'true',
        TOPIC_REPLICATION_FACTOR: String(replicationFactor),
        RETRY_DELAYS: '1s,3s',
        OUTCOMES_TOPIC: `${source}.${OUTCOMES}`,
        GATEWAY_URL: simulator.url,
        GATEWAY_CLIENT_ID: 'SANDBOX_TEST',
        GATEWAY_CA_FILE: simulator.caFile,
        GATEWAY_TIMEOUT: '2s',
        SIGNING_KEYS_DIR: folders[1],
        GATEWAY_PUBLIC_KEYS_DIR: simulator.publicKeysDir,
        ...options.settings,
      },
    });
    onEnd(() =>
      world.#close().finally(() => {
        removeTemporaryFolders(folders);
      }),
    );
    return world;
  }

  /** A world that the tests of a file share: `beforeAll(async () => ([world, end] = await World.shared(…)))`. */
  static async shared(options: WorldOptions = {}): Promise<[world: World, end: () => Promise<void>]> {
    let end = (): Promise<void> => Promise.resolve();
    const world = await World.create({ ...options, onEnd: (ends) => (end = ends) });
    return [world, end];
  }

  /** Starts a member of the group and waits until it has joined. */
  async start(settings: Readonly<Record<string, string>> = {}): Promise<ServiceProcess> {
    return (await this.launch(settings)).ready();
  }

  /** Starts a member of the group. */
  async launch(
    settings: Readonly<Record<string, string>> = {},
    wrapper: readonly string[] = [],
  ): Promise<ServiceProcess> {
    const service = await ServiceProcess.start({ ...this.settings, ...settings }, wrapper);
    this.services.push(service);
    return service;
  }

  /** Writes events of payments with these ids to one partition, in this order. */
  async write(
    partition: number,
    ids: readonly string[],
    how: { compression?: CompressionTypes; key?: string | null } = {},
  ): Promise<void> {
    await this.writeRaw(
      partition,
      ids.map((id) => ({
        paymentId: id,
        key: how.key === undefined ? id : how.key,
        value: this.encode(sampleEvent(id, true)),
      })),
      how.compression,
    );
  }

  /** Writes any bytes. */
  async writeRaw(partition: number, records: readonly RawRecord[], compression?: CompressionTypes): Promise<void> {
    const messages = records.map(({ key, value, headers = {}, timestamp = Date.now() }) => {
      return { key, value, partition, headers, timestamp: String(timestamp) };
    });
    const base = await until('the partition to take records', async () => {
      const [sent] = await this.#producer.send({
        topic: this.source,
        messages,
        ...(compression !== undefined && { compression }),
      });
      if (sent?.baseOffset !== undefined) return Number(sent.baseOffset);
      // The client leaves out records of a partition it has not heard of yet, without a word.
      await this.#producer.disconnect();
      await this.#producer.connect();
      return undefined;
    });
    records.forEach(({ paymentId = '', key }, at) =>
      this.written.push({ partition, offset: base + at, key: key?.toString() ?? null, paymentId }),
    );
  }

  /** `count` events on every partition; ids say partition and number. */
  async writeEverywhere(count: number, prefix = 'P'): Promise<void> {
    for (let partition = 0; partition < this.partitions; partition += 1) {
      await this.write(
        partition,
        Array.from({ length: count }, (_, at) => `${prefix}-${String(partition)}-${String(at)}`),
      );
    }
  }

  encode(event: PaymentFinal): Buffer {
    return framed(this.#schemaId, avroBytes(PAYMENT_FINAL, event));
  }

  /** What a topic of this world holds, by its name behind the source's: '', 'retry.1s', 'dead-letter'; `[]` without it. */
  async records(suffix: string): Promise<StoredRecord[]> {
    return readTopic(this.kafka, this.topic(suffix));
  }

  topic(suffix: string): string {
    return suffix === '' ? this.source : `${this.source}.${suffix}`;
  }

  /** Committed offsets of one of this world's topics by partition; -1 where there is none. */
  async committed(suffix = ''): Promise<Map<number, number>> {
    const [offsets] = await until('the coordinator to have loaded the group', async () => {
      const query = { groupId: this.group, topics: [this.topic(suffix)] };
      return this.admin.fetchOffsets(query).catch((error: unknown) => {
        if (errorType(error) === 'GROUP_LOAD_IN_PROGRESS') return undefined;
        throw error;
      });
    });
    return new Map(offsets?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
  }

  /** Sets the offset of the source's partition 0 while nobody is in the group. */
  async commitByHand(offset: number): Promise<void> {
    const partitions = [{ partition: 0, offset: String(offset) }];
    await this.admin.setOffsets({ groupId: this.group, topic: this.source, partitions });
  }

  /** Every topic of the group that exists. */
  async topicSuffixes(): Promise<string[]> {
    const topics = await this.admin.listTopics();
    return topics
      .filter((topic) => topic.startsWith(`${this.source}.retry.`))
      .map((topic) => topic.slice(this.source.length + 1));
  }

  /** Waits until everything in source and retry topics is committed. */
  async settled(withinMs = 60_000): Promise<void> {
    const suffixes = ['', ...(await this.topicSuffixes())];
    await until(
      'all records to be settled and committed',
      async () => {
        for (const suffix of suffixes) {
          // Brokers that have just come back may still be choosing leaders and coordinators.
          const asked = Promise.all([this.committed(suffix), this.admin.fetchTopicOffsets(this.topic(suffix))]);
          const [committed, ends] = await asked.catch(unlessPassing);
          if (committed === undefined || ends === undefined) return false;
          for (const { partition, high } of ends) {
            if (Number(high) > Math.max(0, committed.get(partition) ?? 0)) return false;
          }
        }
        return true;
      },
      { withinMs, everyMs: 200 },
    );
  }

  /** Ends everything; fails where a service has let a secret out. */
  async #close(): Promise<void> {
    const leaks = await Promise.all(this.services.map((service) => service.leak()));
    await Promise.all(this.services.filter(({ running }) => running).map((service) => service.end('SIGKILL')));
    await Promise.all([this.simulator.stop(), this.#producer.disconnect(), this.admin.disconnect()]);
    const leak = leaks.find((found) => found !== undefined);
    if (leak !== undefined) throw new Error(`a service let a secret out: ${leak}`);
  }
}

/** Nothing, where the brokers could not say it yet. */
function unlessPassing(error: unknown): [] {
  if (error instanceof Error && 'retriable' in error && error.retriable === true) return [];
  throw error;
}

const registered = new Map<string, Promise<number>>();

/** Registered once a worker and registry. */
function schemaId(url: string): Promise<number> {
  const id = registered.get(url) ?? registerSchema({ url }, 'payment-final-value');
  registered.set(url, id);
  return id;
}
