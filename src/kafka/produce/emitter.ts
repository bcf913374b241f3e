import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import avro, { type Schema } from 'avsc';
import type { Kafka } from 'kafkajs';
import type { PaymentFinal } from '../../core/event.ts';
import { PAYMENT_FINAL_SCHEMA } from '../avro/payment-final.ts';
import { askRegistry, type RegistrySettings } from '../avro/registry.ts';
import { byKey } from './partitioner.ts';

const type = avro.Type.forSchema(JSON.parse(PAYMENT_FINAL_SCHEMA) as Schema);

/** Writes payment-final events to the source topic, as the acquirer's systems do. */
export interface Emitter {
  /** Writes events, each with its payment id as key or all with the one given; resolves when the brokers have them. */
  emit(events: readonly PaymentFinal[], key?: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Registers the schema under `<topic>-value`, or finds it there where registering is not allowed, and connects.
 * Throws where the registry has no such schema and takes none.
 */
export async function createEmitter(kafka: Kafka, registry: RegistrySettings, topic: string): Promise<Emitter> {
  const schemaId = await registerSchema(registry, `${topic}-value`);
  const client = registryClient(registry);
  const producer = kafka.producer({
    idempotent: true,
    createPartitioner: byKey,
    allowAutoTopicCreation: false,
    retry: { retries: 8 },
  });
  await producer.connect();
  return {
    emit: async (events, key) => {
      const values = await Promise.all(events.map((event) => client.encode(schemaId, event)));
      const messages = events.map(({ paymentId }, number) => ({
        key: key ?? paymentId,
        value: values[number] ?? null,
      }));
      await producer.send({ topic, acks: -1, messages });
    },
    close: () => producer.disconnect(),
  };
}

/** Says by which field an object is no payment-final event; `undefined` for an event. */
export function misfit(candidate: unknown): string | undefined {
  let wrong: string | undefined;
  type.isValid(candidate, { errorHook: (path) => (wrong ??= path.join('.') || 'the whole line') });
  return wrong;
}

/**
 * The client with which writers encode. Its way of registering is not used: it sets the subject's compatibility. Nor is
 * its way of decoding, which compiles whatever it fetches and hides the registry's own codes.
 */
function registryClient({ url, username, password }: RegistrySettings): SchemaRegistry {
  const auth = username === undefined ? undefined : { username, password: password ?? '' };
  return new SchemaRegistry({ host: url.replace(/\/+$/, ''), ...(auth && { auth }) });
}

/** The id of the event's schema under a subject, registering it where it is not there yet and that is allowed. */
export async function registerSchema(registry: RegistrySettings, subject: string): Promise<number> {
  const path = `/subjects/${encodeURIComponent(subject)}`;
  const registered = await askRegistry(registry, `${path}/versions`, { schema: PAYMENT_FINAL_SCHEMA });
  const answer = registered.ok ? registered : await askRegistry(registry, path, { schema: PAYMENT_FINAL_SCHEMA });
  if (!answer.ok) {
    throw new Error(
      `the schema registry neither takes nor has schemas/payment-final.avsc under ${subject} ` +
        `(it answered ${String(registered.status)}); register it there, or let this user do so`,
    );
  }
  const { id } = (await answer.json()) as { id: number };
  return id;
}
