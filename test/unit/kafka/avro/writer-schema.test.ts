import { describe, expect, test } from 'vitest';
import { parseWriterSchema, SchemaMismatch, type WriterType } from '../../../../src/kafka/avro/writer-schema.ts';

const parse = (schema: unknown, ...referenced: unknown[]): WriterType =>
  parseWriterSchema(
    JSON.stringify(schema),
    referenced.map((other) => JSON.stringify(other)),
  );
const record = (fields: unknown, more: object = {}): object => ({ type: 'record', name: 'R', fields, ...more });

describe('a schema that is none says what is wrong with it', () => {
  test.each<[unknown, string]>([
    [5, 'the schema is not Avro'],
    [null, 'the schema is not Avro'],
    [{}, 'the schema is not Avro'],
    [{ type: 'array' }, 'the schema is not Avro'],
    [[null], 'the schema is not Avro'],
    [record(undefined), 'a record has no fields, or an enum no symbols'],
    [record('none'), 'a record has no fields, or an enum no symbols'],
    [record([5]), 'the schema is not Avro'],
    [record([{ type: 'int' }]), 'something has no name'],
    [{ type: 'record', fields: [] }, 'something has no name'],
    [{ type: 'enum', name: 'E' }, 'a record has no fields, or an enum no symbols'],
    [{ type: 'enum', name: 7, symbols: [] }, 'something has no name'],
    [{ type: 'fixed', name: 'F' }, 'a fixed has no size'],
    [{ type: 'fixed', name: 'F', size: '3' }, 'a fixed has no size'],
    [{ type: 'fixed', name: 'F', size: 1.5 }, 'a fixed has no size'],
    [{ type: 'fixed', name: 'F', size: -1 }, 'a fixed has no size'],
    [
      record([
        { name: 'a', type: 'int' },
        { name: 'a', type: 'long' },
      ]),
      'there are two fields a',
    ],
    [record([{ name: 'a', type: record([]) }]), 'there are two types .R'],
    [record([{ name: 'a', type: record([], { namespace: 'n' }) }], { namespace: 'n' }), 'there are two types n.R'],
  ])('%j: %s', (schema, message) => {
    expect(() => parse(schema)).toThrow(new SchemaMismatch(message));
  });
});

test('a name that nobody defines is missed only by whoever asks for it', () => {
  const schema = parse(record([{ name: 'a', type: 'Other' }], { namespace: 'n' }));
  const [field] = schema.kind === 'record' ? schema.fields : [];
  const type = field?.type;
  expect(() => (type?.kind === 'reference' ? type.target() : undefined)).toThrow(
    new SchemaMismatch('there is no type Other'),
  );
});

test('a fixed may be of no bytes, and a type of another schema is known by its name', () => {
  expect(parse({ type: 'fixed', name: 'F', size: 0 })).toEqual({ kind: 'fixed', name: '.F', size: 0 });
  const own = parse(record([{ name: 'a', type: 'n.F' }]), { type: 'fixed', name: 'n.F', size: 2 });
  const [field] = own.kind === 'record' ? own.fields : [];
  expect(field?.type.kind === 'reference' && field.type.target()).toEqual({ kind: 'fixed', name: 'n.F', size: 2 });
});
