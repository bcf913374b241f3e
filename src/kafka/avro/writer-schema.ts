/** No event can be read out of what was written with this schema, or with this branch of it. */
export class SchemaMismatch extends Error {
  override readonly name = 'SchemaMismatch';
}

const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const;
type Primitive = (typeof PRIMITIVES)[number];

/** A field of a writer's record. */
export interface WriterField {
  readonly name: string;
  readonly type: WriterType;
}

/** A named type that is defined elsewhere, often around the place where it is named. */
interface Reference {
  readonly kind: 'reference';
  /** Throws `SchemaMismatch` where nothing of this name is defined. */
  readonly target: () => Defined;
}

type Defined =
  | { readonly kind: 'record'; readonly name: string; readonly fields: readonly WriterField[] }
  | { readonly kind: 'enum'; readonly name: string; readonly symbols: readonly unknown[] }
  | { readonly kind: 'fixed'; readonly name: string; readonly size: number };

/** What a writer's schema says of the bytes. Names are full, those in no namespace begin with a dot. */
export type WriterType =
  | Defined
  | Reference
  | { readonly kind: Primitive; readonly logicalType: unknown }
  | { readonly kind: 'array' | 'map'; readonly items: WriterType }
  | { readonly kind: 'union'; readonly branches: readonly WriterType[] };

export type WriterRecord = Extract<WriterType, { kind: 'record' }>;
export type WriterEnum = Extract<WriterType, { kind: 'enum' }>;

/**
 * Reads a writer's schema for what shapes its bytes: types, names, fields, symbols. Nothing else is looked at, neither
 * defaults nor which letters stand in a name, so that no schema is refused for what does not concern a reader.
 *
 * @param referenced schemas that define what the first one names
 */
export function parseWriterSchema(text: string, referenced: readonly string[] = []): WriterType {
  const parser = new Parser();
  for (const other of referenced) parser.parse(other);
  return parser.parse(text);
}

type Json = Readonly<Record<string, unknown>>;

class Parser {
  readonly #defined = new Map<string, Defined>();

  parse(text: string): WriterType {
    return this.#type(JSON.parse(text), '');
  }

  /** @param space the namespace around it */
  #type(schema: unknown, space: string): WriterType {
    if (typeof schema === 'string') return isPrimitive(schema) ? primitive(schema) : this.#reference(schema, space);
    if (Array.isArray(schema)) return { kind: 'union', branches: schema.map((branch) => this.#type(branch, space)) };
    const { type, items, values, logicalType } = asObject(schema);
    switch (type) {
      case 'record':
      case 'error':
        return this.#record(schema as Json, space);
      case 'enum':
        return this.#define(schema as Json, space, (name) => {
          return { kind: 'enum', name, symbols: asList((schema as Json)['symbols']) };
        });
      case 'fixed':
        return this.#define(schema as Json, space, (name) => {
          return { kind: 'fixed', name, size: asSize((schema as Json)['size']) };
        });
      case 'array':
        return { kind: 'array', items: this.#type(items, space) };
      case 'map':
        return { kind: 'map', items: this.#type(values, space) };
      default:
        return isPrimitive(type) ? primitive(type, logicalType) : this.#type(type, space);
    }
  }

  #record(schema: Json, space: string): WriterType {
    const fields: WriterField[] = [];
    const record = this.#define(schema, space, (name) => ({ kind: 'record', name, fields }));
    const within = record.name.slice(0, record.name.lastIndexOf('.'));
    const names = new Set<unknown>();
    for (const field of asList(schema['fields'])) {
      const { name, type } = asObject(field);
      if (names.has(name)) throw new SchemaMismatch(`there are two fields ${String(name)}`);
      names.add(name);
      fields.push({ name: asName(name), type: this.#type(type, within) });
    }
    return record;
  }

  #define(schema: Json, space: string, define: (name: string) => Defined): Defined {
    const { name, namespace } = schema;
    const full = fullName(asName(name), typeof namespace === 'string' ? namespace : space);
    if (this.#defined.has(full)) throw new SchemaMismatch(`there are two types ${full}`);
    const defined = define(full);
    this.#defined.set(full, defined);
    return defined;
  }

  /** May stand before the definition, as Java takes it, and mean a name in no namespace where its own has none. */
  #reference(name: string, space: string): Reference {
    return {
      kind: 'reference',
      target: () => {
        const found = this.#defined.get(fullName(name, space)) ?? this.#defined.get(fullName(name, ''));
        if (found === undefined) throw new SchemaMismatch(`there is no type ${name}`);
        return found;
      },
    };
  }
}

/** The last part of a full name, by which Avro compares names of readers and writers. */
export function unqualified(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

function fullName(name: string, space: string): string {
  return name.includes('.') ? name : `${space}.${name}`;
}

function primitive(kind: Primitive, logicalType?: unknown): WriterType {
  return { kind, logicalType };
}

function isPrimitive(type: unknown): type is Primitive {
  return (PRIMITIVES as readonly unknown[]).includes(type);
}

function asObject(value: unknown): Json {
  if (typeof value === 'object' && value !== null) return value as Json;
  throw new SchemaMismatch('the schema is not Avro');
}

function asList(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new SchemaMismatch('a record has no fields, or an enum no symbols');
}

function asName(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new SchemaMismatch('something has no name');
}

function asSize(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new SchemaMismatch('a fixed has no size');
}
