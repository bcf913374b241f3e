import { isUtf8 } from 'node:buffer';
import avro, { type Schema, type Type } from 'avsc';
import type { PaymentFinal } from '../../core/event.ts';

/** Reads a `PaymentFinal` out of the bytes of one writer's schema. Throws where the bytes hold none. */
export type EventReader = (bytes: Buffer) => PaymentFinal;

/** The writer's schema has no `PaymentFinal` that could be read. */
export class SchemaMismatch extends Error {
  override readonly name = 'SchemaMismatch';
}

type Json = Readonly<Record<string, unknown>>;

const EVENT = {
  name: 'PaymentFinal',
  required: ['paymentId', 'paymentResult'],
  optional: ['paymentRequestId', 'paymentTime'],
};
const RESULT = { name: 'PaymentResult', required: ['resultStatus', 'resultCode'], optional: ['resultMessage'] };

/**
 * Makes a reader for a writer's schema, once: it then reads in a microsecond.
 *
 * avsc resolves schemas eagerly and by full names: a union branch or an enum symbol that we do not know would refuse
 * records that never use it, and another namespace all of them. So the reader's schema is the writer's own, less the
 * fields we do not read (these are skipped unread), and Avro's rules are applied to the values.
 */
export function createEventReader(writer: Type): EventReader {
  const projected = new Projection(writer.schema()).of(EVENT, { paymentResult: RESULT });
  const reader = avro.Type.forSchema(projected as Schema, { typeHook: strictText });
  const resolver = reader.createResolver(writer);
  return (bytes) => toEvent(reader.fromBuffer(bytes, resolver));
}

/** Text that is not UTF-8 is not read: with its bytes replaced it would name a payment that does not exist. */
class StrictString extends avro.types.StringType {
  /** Called without `this`, as avsc's resolvers do. */
  protected _read(tap: { readBytes(): Buffer | undefined }): string | undefined {
    const bytes = tap.readBytes();
    return bytes && utf8(bytes);
  }
}

function strictText(schema: Schema): Type | undefined {
  const type: unknown = typeof schema === 'object' && 'type' in schema ? schema.type : schema;
  return type === 'string' ? new StrictString() : undefined;
}

function utf8(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new TypeError('a text is not UTF-8');
  return bytes.toString();
}

type Wanted = typeof EVENT;

/** Cuts a schema down to what is read of it. */
class Projection {
  readonly #schema: unknown;
  /** Named types are defined where they first stand, which may be in a field that is cut. */
  readonly #definitions = new Map<string, Json>();
  readonly #defined = new Set<string>();

  constructor(schema: unknown) {
    this.#schema = schema;
    this.#collect(schema);
  }

  of(wanted: Wanted, nested: Readonly<Record<string, Wanted>>): unknown {
    return this.#record(this.#schema, wanted, nested);
  }

  /** A record, or the one record of its name in a union. */
  #record(schema: unknown, wanted: Wanted, nested: Readonly<Record<string, Wanted>>): unknown {
    if (Array.isArray(schema)) {
      if (!schema.some((branch) => this.#isNamed(branch, wanted.name))) throw mismatch(wanted);
      return schema.map((branch: unknown) =>
        this.#isNamed(branch, wanted.name) ? this.#record(branch, wanted, nested) : this.#whole(branch),
      );
    }
    if (!this.#isNamed(schema, wanted.name)) throw mismatch(wanted);
    const record = this.#definition(schema);
    const fields = (record['fields'] as Json[]).filter(({ name }) =>
      [...wanted.required, ...wanted.optional].includes(String(name)),
    );
    const missing = wanted.required.find((name) => !fields.some((field) => field['name'] === name));
    if (missing !== undefined) throw new SchemaMismatch(`the writer's ${wanted.name} has no field ${missing}`);
    return {
      type: 'record',
      name: record['name'],
      fields: fields.map(({ name, type }) => {
        const inner = nested[String(name)];
        return { name, type: inner === undefined ? this.#whole(type) : this.#record(type, inner, {}) };
      }),
    };
  }

  /** A type as it is, with its definition where it stands for the first time. */
  #whole(schema: unknown): unknown {
    if (Array.isArray(schema)) return schema.map((branch) => this.#whole(branch));
    const definition = typeof schema === 'string' ? this.#definitions.get(schema) : (schema as Json);
    if (definition === undefined) return schema;
    const name = String(definition['name']);
    if (this.#definitions.has(name)) {
      if (this.#defined.has(name)) return name;
      this.#defined.add(name);
    }
    const copy: Record<string, unknown> = { ...definition };
    for (const key of ['items', 'values']) if (key in copy) copy[key] = this.#whole(copy[key]);
    if (typeof copy['type'] === 'object') copy['type'] = this.#whole(copy['type']);
    if (Array.isArray(copy['fields'])) {
      copy['fields'] = (copy['fields'] as Json[]).map((field) => ({ ...field, type: this.#whole(field['type']) }));
    }
    return copy;
  }

  #definition(schema: unknown): Json {
    return (typeof schema === 'string' ? this.#definitions.get(schema) : (schema as Json)) ?? {};
  }

  /** Names match by their last part, as Avro's rules have it. */
  #isNamed(schema: unknown, name: string): boolean {
    if (typeof schema !== 'string' && (typeof schema !== 'object' || schema === null)) return false;
    const { type, name: full } = this.#definition(schema);
    return type === 'record' && String(full).split('.').at(-1) === name;
  }

  #collect(schema: unknown): void {
    if (Array.isArray(schema)) {
      schema.forEach((branch) => this.#collect(branch));
      return;
    }
    if (typeof schema !== 'object' || schema === null) return;
    const { type, name, fields, items, values } = schema as Json;
    if (typeof name === 'string' && typeof type === 'string') this.#definitions.set(name, schema as Json);
    for (const part of [type, items, values]) this.#collect(part);
    for (const field of (fields as Json[] | undefined) ?? []) this.#collect(field['type']);
  }
}

function mismatch({ name }: Wanted): SchemaMismatch {
  return new SchemaMismatch(`the writer's schema has no record ${name} where one belongs`);
}

function toEvent(value: unknown): PaymentFinal {
  const { paymentId, paymentRequestId, paymentTime, paymentResult } = record(value, EVENT.name);
  const { resultStatus, resultCode, resultMessage } = record(paymentResult, 'paymentResult');
  return {
    paymentId: text(paymentId, 'paymentId'),
    paymentRequestId: nullable(text, paymentRequestId, 'paymentRequestId'),
    paymentTime: nullable(long, paymentTime, 'paymentTime'),
    paymentResult: {
      resultStatus: status(resultStatus),
      resultCode: text(resultCode, 'resultCode'),
      resultMessage: nullable(text, resultMessage, 'resultMessage'),
    },
  };
}

/** A value of a union whose branches JavaScript cannot tell apart comes wrapped. */
function unwrapped(value: unknown): unknown {
  const { unwrap } = (value ?? {}) as { unwrap?: unknown };
  return typeof unwrap === 'function' ? (unwrap.call(value) as unknown) : value;
}

function record(value: unknown, name: string): Json {
  const found = unwrapped(value);
  if (typeof found === 'object' && found !== null) return found as Json;
  throw new TypeError(`${name} is not there`);
}

/** Avro lets bytes be read as a string. */
function text(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  if (Buffer.isBuffer(value)) return utf8(value);
  throw new TypeError(`${name} is no string`);
}

function long(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new TypeError(`${name} is no long`);
}

function status(value: unknown): PaymentFinal['paymentResult']['resultStatus'] {
  const symbol = unwrapped(value);
  if (symbol === 'S' || symbol === 'F' || symbol === 'U') return symbol;
  throw new TypeError('resultStatus is none of S, F, U');
}

function nullable<T>(read: (value: unknown, name: string) => T, value: unknown, name: string): T | null {
  const found = unwrapped(value) ?? null;
  return found === null ? null : read(found, name);
}
