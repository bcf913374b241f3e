import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import type { Type } from 'avsc';
import type { Decode, Decoded } from '../../pipeline/ports.ts';
import { createEventReader } from './projection.ts';
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

function createReader(writer: object): Reader {
  if (!('schema' in writer && typeof writer.schema === 'function')) {
    return () => undecodable('schema_mismatch', 'the schema is not Avro');
  }
  try {
    const read = createEventReader(writer as Type);
    return (bytes) => {
      try {
        return { kind: 'event', event: read(bytes) };
      } catch (error) {
        return undecodable('bytes', message(error));
      }
    };
  } catch (error) {
    return () => undecodable('schema_mismatch', message(error));
  }
}

function undecodable(error: Extract<Decoded, { kind: 'undecodable' }>['error'], detail: string): Decoded {
  return { kind: 'undecodable', error, detail };
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The client tells only the HTTP status; the registry's own code says whether the schema is missing or the page. */
async function isUnknownSchema(error: unknown, id: number, settings: RegistrySettings): Promise<boolean> {
  if (!(error instanceof Error && 'status' in error && error.status === 404)) return false;
  const answer = await askRegistry(settings, `/schemas/ids/${String(id)}`);
  const { error_code: code } = (await answer.json()) as { error_code?: number };
  return code === SCHEMA_NOT_FOUND;
}
