import avro, { type Schema, type Type } from 'avsc';
import type { PaymentFinal } from '../../core/event.ts';
import { Cursor } from './cursor.ts';
import { PAYMENT_FINAL_SCHEMA } from './payment-final.ts';
import { Skipping } from './skipping.ts';
import { SchemaMismatch, unqualified, type WriterEnum, type WriterRecord, type WriterType } from './writer-schema.ts';

/**
 * Reads a `PaymentFinal` out of the bytes of one writer's schema. Throws `MalformedBytes` where they do not follow the
 * schema, and `SchemaMismatch` where they hold a branch or a symbol that is not ours to read.
 */
export type EventReader = (bytes: Buffer) => PaymentFinal;

type Read = (cursor: Cursor) => unknown;

const { EnumType, LogicalType, NullType, RecordType, StringType, UnwrappedUnionType } = avro.types;

/** Keeps apart in the reader's schema what is an instant: its `long` alone would not say so. */
class Instant extends LogicalType {}

const READER = avro.Type.forSchema(JSON.parse(PAYMENT_FINAL_SCHEMA) as Schema, {
  logicalTypes: { 'timestamp-millis': Instant },
  wrapUnions: false,
});

/**
 * Makes a reader for a writer's schema, once: it then reads in a microsecond. Throws `SchemaMismatch` where nothing
 * written with that schema can be an event.
 *
 * By Avro's rules of resolution, with `schemas/payment-final.avsc` as the reader's schema: names are compared without
 * their namespaces, and a union is what the bytes select. Fields that we do not read are passed over.
 */
export function createEventReader(writer: WriterType): EventReader {
  const read = new Projection().of(READER, writer);
  return (bytes) => {
    const cursor = new Cursor(bytes);
    const event = read(cursor) as PaymentFinal;
    cursor.assertEnd();
    return event;
  };
}

class Projection {
  readonly #skipping = new Skipping();

  of(reader: Type, writer: WriterType): Read {
    if (writer.kind === 'reference') return this.of(reader, writer.target());
    if (writer.kind === 'union') return this.#selected(reader, writer.branches);
    if (reader instanceof UnwrappedUnionType) return this.#first(reader.types, writer);
    if (reader instanceof RecordType && writer.kind === 'record') return this.#record(reader, writer);
    if (reader instanceof EnumType && writer.kind === 'enum') return symbol(reader, writer);
    if (reader instanceof Instant && isOneOf(writer, 'int', 'long')) return instant(writer);
    if (reader instanceof StringType && isOneOf(writer, 'string', 'bytes')) return (cursor) => cursor.text();
    if (reader instanceof NullType && isOneOf(writer, 'null')) return () => null;
    throw new SchemaMismatch(`${nameOf(writer)} cannot be read as ${reader.name ?? reader.typeName}`);
  }

  /** A branch that cannot be read refuses only the records that are of it. */
  #selected(reader: Type, branches: readonly WriterType[]): Read {
    const attempts = branches.map((branch) => attempt(() => this.of(reader, branch)));
    if (attempts.every(({ mismatch }) => mismatch !== undefined)) throw lastMismatch(attempts);
    return (cursor) => attempts[cursor.index(attempts.length)]?.read(cursor);
  }

  #first(candidates: readonly Type[], writer: WriterType): Read {
    const attempts = candidates.map((candidate) => attempt(() => this.of(candidate, writer)));
    const fitting = attempts.find(({ mismatch }) => mismatch === undefined);
    if (fitting === undefined) throw lastMismatch(attempts);
    return fitting.read;
  }

  #record(reader: InstanceType<typeof RecordType>, writer: WriterRecord): Read {
    assertSameName(reader, writer);
    const wanted = new Map(reader.fields.map((field) => [field.name, field]));
    const steps = writer.fields.flatMap(({ name, type }): Step[] => {
      const field = wanted.get(name);
      if (field === undefined) return toStep(undefined, this.#skipping.over(type));
      wanted.delete(name);
      return toStep(
        name,
        within(name, () => this.of(field.type, type)),
      );
    });
    const record: Record<string, unknown> = {};
    for (const { name } of reader.fields) record[name] = wanted.get(name)?.defaultValue() as unknown;
    const missing = [...wanted.keys()].find((name) => record[name] === undefined);
    if (missing !== undefined) throw new SchemaMismatch(`the writer's ${writer.name} has no field ${missing}`);
    return (cursor) => {
      const copy = { ...record };
      for (const { name, read } of steps) {
        const value = read(cursor);
        if (name !== undefined) copy[name] = value;
      }
      return copy;
    };
  }
}

/** One field of the writer: read under its name, or passed over. */
interface Step {
  readonly name: string | undefined;
  readonly read: Read;
}

function toStep(name: string | undefined, read: Read | undefined): Step[] {
  return read === undefined ? [] : [{ name, read }];
}

function symbol(reader: InstanceType<typeof EnumType>, writer: WriterEnum): Read {
  assertSameName(reader, writer);
  const symbols = writer.symbols.map((symbol) => reader.symbols.find((known) => known === symbol));
  return (cursor) => {
    const index = cursor.index(symbols.length);
    const known = symbols[index];
    if (known === undefined) throw new SchemaMismatch(`${nameOf(writer)} is ${String(writer.symbols[index])}`);
    return known;
  };
}

/** In each millisecond; a writer that names no unit means milliseconds. */
const UNITS = new Map<unknown, number>([
  ['timestamp-micros', 1_000],
  ['timestamp-nanos', 1_000_000],
]);
/** A day or a time of day, or one that is another instant in each zone. */
const NO_INSTANT = /^(?:date$|time-|local-timestamp-)/;

function instant({ logicalType }: { readonly logicalType: unknown }): Read {
  if (NO_INSTANT.test(String(logicalType))) throw new SchemaMismatch(`a ${String(logicalType)} is no instant`);
  const divisor = UNITS.get(logicalType) ?? 1;
  return (cursor) => cursor.long(divisor);
}

type Primitive = Extract<WriterType, { readonly logicalType: unknown }>;

function isOneOf(writer: WriterType, ...kinds: readonly Primitive['kind'][]): writer is Primitive {
  return (kinds as readonly string[]).includes(writer.kind);
}

function assertSameName(reader: Type, writer: WriterRecord | WriterEnum): void {
  if (unqualified(writer.name) === unqualified(reader.name ?? '')) return;
  throw new SchemaMismatch(`${nameOf(writer)} cannot be read as ${reader.name ?? ''}`);
}

function nameOf(writer: WriterType): string {
  return 'name' in writer ? `the writer's ${writer.kind} ${unqualified(writer.name)}` : `the writer's ${writer.kind}`;
}

function within<T>(field: string, task: () => T): T {
  try {
    return task();
  } catch (error) {
    throw error instanceof SchemaMismatch ? new SchemaMismatch(`${field}: ${error.message}`) : error;
  }
}

interface Attempt {
  /** Throws the mismatch, if any. */
  readonly read: Read;
  readonly mismatch?: SchemaMismatch;
}

function attempt(task: () => Read): Attempt {
  try {
    return { read: task() };
  } catch (error) {
    if (!(error instanceof SchemaMismatch)) throw error;
    const read = (): never => {
      throw error;
    };
    return { read, mismatch: error };
  }
}

function lastMismatch(attempts: readonly Attempt[]): SchemaMismatch {
  return attempts.at(-1)?.mismatch ?? new SchemaMismatch('a union has no branches');
}
