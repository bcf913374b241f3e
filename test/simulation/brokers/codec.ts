import type { Reader, Writer } from './bytes.ts';

/**
 * How a value stands on the wire. Messages are tables of these, one a message, as Kafka's own definitions of them are; a
 * field that came with a version says so by `since`.
 */
export interface Type<T> {
  read(from: Reader, version: number): T;
  write(to: Writer, value: T, version: number): void;
}

/** What a type reads and writes. */
export type Of<T> = T extends Type<infer Value> ? Value : never;

export const int8: Type<number> = { read: (from) => from.int8(), write: (to, value) => to.int8(value) };
export const int16: Type<number> = { read: (from) => from.int16(), write: (to, value) => to.int16(value) };
export const int32: Type<number> = { read: (from) => from.int32(), write: (to, value) => to.int32(value) };
/** Offsets, times and producer ids: none is past 2^53. */
export const int64: Type<number> = { read: (from) => from.int64(), write: (to, value) => to.int64(value) };
export const boolean: Type<boolean> = {
  read: (from) => from.int8() !== 0,
  write: (to, value) => to.int8(value ? 1 : 0),
};
export const nullableString: Type<string | null> = {
  read: (from) => from.string(),
  write: (to, value) => to.string(value),
};
export const string: Type<string> = { read: (from) => from.string() ?? '', write: (to, value) => to.string(value) };
export const nullableBytes: Type<Buffer | null> = {
  read: (from) => from.bytes(),
  write: (to, value) => to.bytes(value),
};
export const bytes: Type<Buffer> = {
  read: (from) => from.bytes() ?? Buffer.alloc(0),
  write: (to, value) => to.bytes(value),
};

export function nullableArray<T>(item: Type<T>): Type<readonly T[] | null> {
  return {
    read: (from, version) => {
      const length = from.int32();
      return length < 0 ? null : Array.from({ length }, () => item.read(from, version));
    },
    write: (to, values, version) => {
      to.int32(values === null ? -1 : values.length);
      for (const value of values ?? []) item.write(to, value, version);
    },
  };
}

export function array<T>(item: Type<T>): Type<readonly T[]> {
  const list = nullableArray(item);
  return {
    read: (from, version) => list.read(from, version) ?? [],
    write: (to, values, version) => list.write(to, values, version),
  };
}

type Fields = Readonly<Record<string, Type<unknown>>>;
type Struct<F extends Fields> = { readonly [Name in keyof F]: Of<F[Name]> };

/** Fields in the order of the wire. */
export function struct<F extends Fields>(fields: F): Type<Struct<F>> {
  const entries = Object.entries(fields);
  return {
    read: (from, version) => {
      const value: Record<string, unknown> = {};
      for (const [name, type] of entries) value[name] = type.read(from, version);
      return value as Struct<F>;
    },
    write: (to, value, version) => {
      for (const [name, type] of entries) type.write(to, value[name], version);
    },
  };
}

/** A field that is there from a version on; before, it is not written, and `otherwise` is read. */
export function since<T>(first: number, type: Type<T>, otherwise: T): Type<T> {
  return {
    read: (from, version) => (version < first ? otherwise : type.read(from, version)),
    write: (to, value, version) => {
      if (version >= first) type.write(to, value, version);
    },
  };
}
