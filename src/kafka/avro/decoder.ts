import type { Decode, Decoded } from '../../pipeline/ports.ts';
import { createEventReader } from './projection.ts';
import { findSchema, type RegisteredSchema, type RegistrySettings } from './registry.ts';
import { UnknownSchemas } from './unknown-schemas.ts';
import { parseWriterSchema, SchemaMismatch } from './writer-schema.ts';

/** Reads `PaymentFinal` out of whatever schema it was written with. */
export interface Decoder {
  readonly decode: Decode;
  /** Resolves when the registry answers; throws where it does not. */
  ping(): Promise<void>;
}

const HEADER_BYTES = 5;
/** Ids that registries give begin here: they are not asked for others. */
const FIRST_ID = 1;

type Reader = (bytes: Buffer) => Decoded;

/** @param now monotonic milliseconds */
export function createDecoder(settings: RegistrySettings, now: () => number = () => performance.now()): Decoder {
  const readers = new Map<number, Reader>();
  const unknown = new UnknownSchemas(now);
  const asked = new Map<number, Promise<RegisteredSchema | undefined>>();

  /** Records that need the same schema share one request. */
  const ask = (id: number): Promise<RegisteredSchema | undefined> => {
    const answer = asked.get(id) ?? findSchema(settings, id).finally(() => asked.delete(id));
    asked.set(id, answer);
    return answer;
  };

  /** @returns `undefined` for an id the registry does not know; throws while that is not to be believed yet */
  const readerOf = async (id: number): Promise<Reader | undefined> => {
    if (id < FIRST_ID || unknown.isBelieved(id)) return undefined;
    const schema = await ask(id);
    if (schema === undefined) {
      if (unknown.add(id)) return undefined;
      throw new Error(`the schema registry does not know schema ${id} yet`);
    }
    const reader = readers.get(id) ?? createReader(schema);
    readers.set(id, reader);
    return reader;
  };

  return {
    decode: async (value) => {
      if (value === null) return undecodable('tombstone', 'the record has no value');
      if (value.length < HEADER_BYTES || value[0] !== 0) {
        return undecodable('magic', 'the value does not begin with the Confluent wire format');
      }
      const id = value.readInt32BE(1);
      const reader = readers.get(id) ?? (await readerOf(id));
      if (reader === undefined) return undecodable('schema_not_found', `the registry knows no schema ${id}`);
      return reader(value.subarray(HEADER_BYTES));
    },
    ping: async () => {
      await findSchema(settings, 0);
    },
  };
}

/** Whatever goes wrong with what the registry has answered concerns the records: asking again would change nothing. */
function createReader({ type, text, references }: RegisteredSchema): Reader {
  try {
    if (type !== 'AVRO') throw new SchemaMismatch(`the schema is ${type}, not Avro`);
    const read = createEventReader(parseWriterSchema(text, references));
    return (bytes) => {
      try {
        return { kind: 'event', event: read(bytes) };
      } catch (error) {
        return undecodable(error instanceof SchemaMismatch ? 'schema_mismatch' : 'bytes', message(error));
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
