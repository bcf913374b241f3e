import { readFileSync } from 'node:fs';
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import avro, { type Schema, type Type } from 'avsc';
import type { PaymentFinal } from '../core/event.ts';
import type { Decode, Decoded } from '../pipeline/ports.ts';
import { askRegistry, REGISTRY_TIMEOUT_MS, registryHost, type RegistrySettings } from './registry.ts';

/** Reads `PaymentFinal` out of whatever schema it was written with. */
export interface Decoder {
  readonly decode: Decode;
  /** Resolves when the registry answers; throws where it does not. */
  ping(): Promise<void>;
}

const HEADER_BYTES = 5;
/** How long "no such schema" is believed: a registry that lags behind its leader is given another chance. */
const NEGATIVE_TTL_MS = 30_000;
const MOST_UNKNOWN = 10_000;
/** The registry's own code for an unknown schema id; a bare 404 may come from anything on the way. */
const SCHEMA_NOT_FOUND = 40403;

const readerSchema = JSON.parse(
  readFileSync(new URL('../../schemas/payment-final.avsc', import.meta.url), 'utf8'),
) as Schema;

type Reader = (bytes: Buffer) => Decoded;
type Middleware = NonNullable<ConstructorParameters<typeof SchemaRegistry>[0]['middlewares']>[number];

const timeLimit: Middleware = () => ({
  prepareRequest: async (next) => (await next()).enhance({ timeout: REGISTRY_TIMEOUT_MS }),
});

/** @param now monotonic milliseconds */
export function createDecoder(settings: RegistrySettings, now: () => number = () => performance.now()): Decoder {
  const registry = new SchemaRegistry({
    host: registryHost(settings),
    clientId: 'payment-notifier',
    retry: { retries: 0 },
    middlewares: [timeLimit],
    ...(settings.username !== undefined && {
      auth: { username: settings.username, password: settings.password ?? '' },
    }),
  });
  const readers = new Map<number, Reader>();
  const unknown = new Map<number, number>();

  /** @returns `undefined` for an id the registry does not know */
  const readerOf = async (id: number): Promise<Reader | undefined> => {
    const known = readers.get(id);
    if (known !== undefined) return known;
    if ((unknown.get(id) ?? 0) > now()) return undefined;
    try {
      const reader = createReader(await registry.getSchema(id));
      readers.set(id, reader);
      return reader;
    } catch (error) {
      if (!(await isUnknownSchema(error, id, settings))) throw error;
      if (unknown.size >= MOST_UNKNOWN) unknown.clear();
      unknown.set(id, now() + NEGATIVE_TTL_MS);
      return undefined;
    }
  };

  return {
    decode: async (value) => {
      if (value === null) return undecodable('tombstone', 'the record has no value');
      if (value.length < HEADER_BYTES || value[0] !== 0) {
        return undecodable('magic', 'the value does not begin with the Confluent wire format');
      }
      const id = value.readInt32BE(1);
      const reader = await readerOf(id);
      if (reader === undefined) return undecodable('schema_not_found', `the registry knows no schema ${id}`);
      return reader(value.subarray(HEADER_BYTES));
    },
    ping: async () => {
      await readerOf(0);
    },
  };
}

/** A resolver of its own for each writer schema: made once, it reads in half a microsecond. */
function createReader(writer: object): Reader {
  if (!('schema' in writer && typeof writer.schema === 'function'))
    return () => undecodable('schema_mismatch', 'the schema is not Avro');
  try {
    const written = writer as Type;
    const reader = avro.Type.forSchema(aliased(readerSchema, fullNames(written.schema())));
    const resolver = reader.createResolver(written);
    return (bytes) => {
      try {
        return { kind: 'event', event: plain(reader.fromBuffer(bytes, resolver) as PaymentFinal) };
      } catch (error) {
        return undecodable('bytes', message(error));
      }
    };
  } catch (error) {
    return () => undecodable('schema_mismatch', message(error));
  }
}

/** avsc makes objects of a class per schema; the rest of the service knows plain ones. */
function plain({ paymentId, paymentRequestId, paymentTime, paymentResult }: PaymentFinal): PaymentFinal {
  const { resultStatus, resultCode, resultMessage } = paymentResult;
  return { paymentId, paymentRequestId, paymentTime, paymentResult: { resultStatus, resultCode, resultMessage } };
}

function undecodable(error: Extract<Decoded, { kind: 'undecodable' }>['error'], detail: string): Decoded {
  return { kind: 'undecodable', error, detail };
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

type Named = Record<string, unknown>;

/** Every full name a schema defines. */
function fullNames(schema: unknown): string[] {
  if (Array.isArray(schema)) return schema.flatMap(fullNames);
  if (typeof schema !== 'object' || schema === null) return [];
  const { name, type, fields, items, values } = schema as Named;
  const own = typeof name === 'string' && ['record', 'enum', 'fixed', 'error'].includes(String(type)) ? [name] : [];
  const fieldTypes = Array.isArray(fields) ? (fields as Named[]).map((field) => field['type']) : [];
  return [...own, ...[type, items, values, ...fieldTypes].flatMap(fullNames)];
}

/** avsc compares names in full, Avro's rules only their last part: the writer's names become aliases of ours. */
function aliased(schema: unknown, writerNames: readonly string[]): Schema {
  if (Array.isArray(schema)) return schema.map((branch) => aliased(branch, writerNames)) as Schema;
  if (typeof schema !== 'object' || schema === null) return schema as Schema;
  const copy: Named = Object.fromEntries(
    Object.entries(schema).map(([key, value]: [string, unknown]) => [
      key,
      key === 'type' || key === 'fields' ? aliased(value, writerNames) : value,
    ]),
  );
  const { name, type } = copy;
  if (typeof name === 'string' && (type === 'record' || type === 'enum')) {
    copy['aliases'] = writerNames.filter((full) => lastPart(full) === lastPart(name));
  }
  return copy as unknown as Schema;
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** The client tells only the HTTP status; the registry's own code says whether the schema is missing or the page. */
async function isUnknownSchema(error: unknown, id: number, settings: RegistrySettings): Promise<boolean> {
  if (!(error instanceof Error && 'status' in error && error.status === 404)) return false;
  const answer = await askRegistry(settings, `/schemas/ids/${String(id)}`);
  const { error_code: code } = (await answer.json()) as { error_code?: number };
  return code === SCHEMA_NOT_FOUND;
}
