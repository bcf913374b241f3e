import fc from 'fast-check';
import { avroLong } from './avro-bytes.ts';

/** A type of a writer's schema, and values of it in Avro's binary encoding. */
export interface Shape {
  /** @param name gives each named type a name of its own */
  readonly schema: (name: () => string) => unknown;
  readonly bytes: fc.Arbitrary<Buffer>;
}

/** One writer: its schema and the bytes of one record. */
export interface Written {
  readonly schema: unknown;
  readonly bytes: Buffer;
}

type Shapes = fc.Arbitrary<Shape>;

const constant = (bytes: readonly number[]): fc.Arbitrary<Buffer> => fc.constant(Buffer.from(bytes));
const joined = (parts: readonly fc.Arbitrary<Buffer>[]): fc.Arbitrary<Buffer> => {
  return fc.tuple(...parts).map((all) => Buffer.concat(all));
};
const shape = (schema: unknown, bytes: fc.Arbitrary<Buffer>): Shape => ({ schema: () => schema, bytes });
const number = (bits: number): fc.Arbitrary<Buffer> => {
  return fc.bigInt({ min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n }).map(avroLong);
};
const sized = (bytes: Buffer): Buffer => Buffer.concat([avroLong(BigInt(bytes.length)), bytes]);
const raw = fc.uint8Array({ maxLength: 12 }).map((bytes) => sized(Buffer.from(bytes)));
const characters = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => sized(Buffer.from(text)));
const exactly = (length: number): fc.Arbitrary<Buffer> => {
  return fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes));
};

const NULL = shape('null', constant([]));
const TEXT = shape('string', characters);
const BYTES_OF_TEXT = shape('bytes', characters);
const LONG = shape('long', number(64));
const INSTANT = shape({ type: 'long', logicalType: 'timestamp-millis' }, number(53));

/** A block of items, with or without its length in bytes before it. */
const block = (item: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> => {
  return fc.tuple(fc.array(item, { minLength: 1, maxLength: 3 }), fc.boolean()).map(([items, withLength]) => {
    const all = Buffer.concat(items);
    const count = BigInt(items.length);
    return Buffer.concat(withLength ? [avroLong(-count), sized(all)] : [avroLong(count), all]);
  });
};
const blocks = (item: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> => {
  return fc.array(block(item), { maxLength: 2 }).map((all) => Buffer.concat([...all, avroLong(0n)]));
};

const fixed = fc.nat({ max: 3 }).map((size): Shape => {
  return { schema: (name) => ({ type: 'fixed', name: name(), size }), bytes: exactly(size) };
});

function enumOf(symbols: readonly string[], named?: object): Shape {
  return {
    schema: (name) => ({ type: 'enum', name: name(), ...named, symbols }),
    bytes: fc.nat({ max: symbols.length - 1 }).map((index) => avroLong(BigInt(index))),
  };
}

function unionOf(branches: readonly Shape[]): Shape {
  return {
    schema: (name) => branches.map(({ schema }) => schema(name)),
    bytes: fc.oneof(...branches.map(({ bytes }, index) => joined([fc.constant(avroLong(BigInt(index))), bytes]))),
  };
}

interface Field {
  readonly name: string;
  readonly shape: Shape;
}

function recordOf(fields: readonly Field[], named?: object): Shape {
  return {
    schema: (name) => {
      const self = { type: 'record', name: name(), ...named };
      return { ...self, fields: fields.map(({ name: field, shape }) => ({ name: field, type: shape.schema(name) })) };
    },
    bytes: joined(fields.map(({ shape }) => shape.bytes)),
  };
}

/** A list of nodes, each of which holds the next. */
const list: Shape = {
  schema: (name) => {
    const node = name();
    return { type: 'record', name: node, fields: [{ name: 'next', type: ['null', node] }] };
  },
  bytes: fc.nat({ max: 20 }).map((nodes) => Buffer.from([...Array<number>(nodes).fill(2), 0])),
};

const { any } = fc.letrec<{ any: Shape }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(NULL, TEXT, LONG, shape('int', number(32)), shape('bytes', raw)),
    fc.constantFrom(shape('boolean', constant([1])), shape('float', exactly(4)), shape('double', exactly(8))),
    fixed,
    fc.constant(enumOf(['A', 'B', 'S'])),
    fc.constant(list),
    tie('any').map((items): Shape => {
      return { schema: (name) => ({ type: 'array', items: items.schema(name) }), bytes: blocks(items.bytes) };
    }),
    tie('any').map((values): Shape => {
      const bytes = blocks(joined([characters, values.bytes]));
      return { schema: (name) => ({ type: 'map', values: values.schema(name) }), bytes };
    }),
    tie('any').map((one) => unionOf([NULL, recordOf([{ name: 'one', shape: one }])])),
    fc.array(tie('any'), { maxLength: 3 }).map((all) => recordOf(all.map((shape, at) => ({ name: `f${at}`, shape })))),
  ),
}));

/** Any type that nobody reads. */
export const anyShape: Shapes = any;

/** The schema of a shape with its named types called `T0`, `T1`, … */
export function schemaOf(shape: Shape): unknown {
  let count = 0;
  return shape.schema(() => `T${count++}`);
}

const text: Shapes = fc.oneof(
  { weight: 16, arbitrary: fc.constantFrom(TEXT, shape({ type: 'string', 'avro.java.string': 'String' }, characters)) },
  { weight: 2, arbitrary: fc.constantFrom(BYTES_OF_TEXT, unionOf([TEXT]), unionOf([BYTES_OF_TEXT, LONG, TEXT])) },
  // Bytes that are no text are read by Java, with U+FFFD in it, and never by us.
  { weight: 1, arbitrary: anyShape.filter((shape) => schemaOf(shape) !== 'bytes') },
);
const nullableText: Shapes = fc.oneof(text, text.map(nullable), fc.constant(NULL));
const time: Shapes = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(INSTANT, shape('int', number(32))) },
  { weight: 8, arbitrary: fc.constantFrom(NULL, nullable(INSTANT), unionOf([INSTANT, NULL])) },
  { weight: 1, arbitrary: fc.constantFrom(TEXT, shape('double', exactly(8))) },
);
const named = (name: string): fc.Arbitrary<object> =>
  fc.constantFrom({ name }, { name, namespace: 'a.b' }, { name: `c.${name}` });
const status: Shapes = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.constantFrom(['S', 'F'], ['U', 'F', 'S'], ['S'], ['F', 'PENDING', 'S', 'U']), named('ResultStatus'))
      .map(([symbols, as]) => enumOf(symbols, as)),
  },
  { weight: 1, arbitrary: fc.constantFrom(enumOf(['S', 'F'], { name: 'Status' }), TEXT) },
);

function nullable(of: Shape): Shape {
  return unionOf(schemaIsUnion(of) || of === NULL ? [NULL] : [NULL, of]);
}

function schemaIsUnion(of: Shape): boolean {
  return Array.isArray(schemaOf(of));
}

/** These fields in any order, some left out and others between them. */
function fieldsOf(wanted: Readonly<Record<string, Shapes>>): fc.Arbitrary<Field[]> {
  const own = Object.entries(wanted).map(([name, shapes]) => shapes.map((shape): Field => ({ name, shape })));
  return fc
    .tuple(fc.tuple(...own), fc.array(anyShape, { maxLength: 2 }), fc.nat({ max: 30 }))
    .chain(([fields, extra, left]) => {
      const kept = left < fields.length ? fields.toSpliced(left, 1) : fields;
      const all = [...kept, ...extra.map((shape, at): Field => ({ name: `extra${at}`, shape }))];
      return fc.shuffledSubarray(all, { minLength: all.length });
    });
}

const result: Shapes = fc
  .tuple(fieldsOf({ resultStatus: status, resultCode: text, resultMessage: nullableText }), named('PaymentResult'))
  .map(([fields, as]) => recordOf(fields, as));
const event: Shapes = fc
  .tuple(
    fieldsOf({
      paymentId: text,
      paymentRequestId: nullableText,
      paymentTime: time,
      paymentResult: fc.oneof({ weight: 12, arbitrary: result }, result.map(nullable)),
    }),
    named('PaymentFinal'),
  )
  .map(([fields, as]) => recordOf(fields, as));
const other = fc
  .array(anyShape, { maxLength: 3 })
  .map((all) => recordOf(all.map((shape, at) => ({ name: `f${at}`, shape }))));

/** Writers whose schema has evolved from ours, in ways that Avro resolves and in some that it does not. */
export const evolved: fc.Arbitrary<Written> = fc
  .oneof(
    { weight: 8, arbitrary: event },
    event.map(nullable),
    fc.tuple(other, event).map((branches) => unionOf(branches)),
  )
  .chain((shape) => shape.bytes.map((bytes) => ({ schema: schemaOf(shape), bytes })));
