import { describe, expect, test } from 'vitest';
import { Cursor, MalformedBytes } from '../../../../src/kafka/avro/cursor.ts';
import { Skipping } from '../../../../src/kafka/avro/skipping.ts';
import { parseWriterSchema, SchemaMismatch } from '../../../../src/kafka/avro/writer-schema.ts';
import { avroLong } from '../../../support/avro-bytes.ts';
import { avroBytes } from '../../../support/schemas.ts';

/** @returns how many bytes are left behind one value */
function skip(schema: unknown, ...parts: (Buffer | number[])[]): number {
  const cursor = new Cursor(Buffer.concat(parts.map((part) => Buffer.from(part))));
  new Skipping().over(parseWriterSchema(JSON.stringify(schema)))?.(cursor);
  return cursor.left;
}

const NOTHING = { type: 'record', name: 'Nothing', fields: [{ name: 'n', type: 'null' }] };
const LIST = {
  type: 'record',
  name: 'List',
  fields: [
    { name: 'value', type: 'boolean' },
    { name: 'next', type: ['null', 'List'] },
  ],
};
const array = (items: unknown): object => ({ type: 'array', items });
const fixed = (size: number): object => ({ type: 'fixed', name: 'F', size });

describe('a value is passed over to its last byte', () => {
  const rows: readonly (readonly [schema: unknown, value: unknown])[] = [
    ['null', null],
    ['boolean', true],
    ['int', -5],
    ['long', 2 ** 40],
    ['float', 1.5],
    ['double', 1.5],
    ['string', 'text'],
    ['bytes', Buffer.from('bytes')],
    [fixed(3), Buffer.from('abc')],
    [{ type: 'enum', name: 'E', symbols: ['A', 'B', 'C'] }, 'C'],
    [array('string'), ['a', 'bc']],
    [array('string'), []],
    [array(array('null')), [[null, null], [], [null]]],
    [
      { type: 'map', values: array('double') },
      { a: [1, 2], b: [] },
    ],
    [['null', 'long'], null],
    [['null', 'long'], 3],
    [NOTHING, { n: null }],
    [array(NOTHING), [{ n: null }, { n: null }]],
    [LIST, { value: true, next: { value: false, next: null } }],
  ];
  test.each(rows)('%j: %j', (schema, value) => {
    expect(skip(schema, avroBytes(schema, value), [0xaa, 0xbb])).toBe(2);
  });

  test('and a block by the length that stands before it', () => {
    expect(skip(array('string'), [0x03, 0x04, 0x02, 0x41, 0x00], [0xaa])).toBe(1);
    expect(skip(array('string'), [0x02, 0x02, 0x41], [0x01, 0x04, 0x02, 0x42], [0x00])).toBe(0);
  });

  test('and any number of items that take no bytes, at once', () => {
    for (const items of ['null', NOTHING, fixed(0), { ...NOTHING, fields: [{ name: 'f', type: fixed(0) }] }]) {
      expect(skip(array(items), avroLong(2n ** 52n), [0x00])).toBe(0);
    }
  });
});

describe('bytes that lead nowhere end at once', () => {
  const HUGE = avroLong(2n ** 60n);
  type Part = Buffer | number[];
  const rows: [name: string, schema: unknown, ...bytes: Part[]][] = [
    ['more items than bytes', array('string'), avroLong(1_000_000n), [0x00]],
    ['2^60 items', array('boolean'), HUGE],
    ['2^60 items of no bytes', array('null'), HUGE],
    ['-2^60 items', array('boolean'), avroLong(-(2n ** 60n)), [0x00]],
    ['the least of all counts', array('boolean'), avroLong(-(2n ** 63n)), [0x00]],
    ['a block of -1 bytes', array('boolean'), [0x01, 0x01, 0x00]],
    ['a block of more bytes than are left', array('boolean'), [0x01, 0x7e, 0x00]],
    ['a block of 2^60 bytes', array('boolean'), [0x01], HUGE],
    ['blocks without an end', array('null'), [0x02, 0x02, 0x02]],
    ['a map of 2^60 entries', { type: 'map', values: 'null' }, HUGE, [0x00]],
    ['a key of length -1', { type: 'map', values: 'null' }, [0x02, 0x01]],
    ['a text of -1 bytes', 'string', [0x01]],
    ['a text of 2^60 bytes', 'string', HUGE],
    ['bytes beyond the end', 'bytes', [0x04, 0x00]],
    ['a fixed beyond the end', fixed(3), [0x00, 0x00]],
    ['a symbol that is not there', { type: 'enum', name: 'E', symbols: ['A'] }, [0x02]],
    ['a symbol before the first', { type: 'enum', name: 'E', symbols: ['A'] }, [0x01]],
    ['a branch that is not there', ['null', 'string'], [0x04]],
    ['a branch before the first', ['null', 'string'], [0x01]],
    ['a branch of 2^60', ['null', 'string'], HUGE],
    ['a list of a million nodes', LIST, Buffer.from('0102'.repeat(1_000_000), 'hex')],
    ['a record that holds itself', { type: 'record', name: 'R', fields: [{ name: 'r', type: 'R' }] }, [0x00]],
    [
      'arrays of themselves',
      { type: 'record', name: 'R', fields: [{ name: 'r', type: array('R') }] },
      Buffer.alloc(100_000, 2),
    ],
  ];
  for (const [name, schema, ...bytes] of rows) {
    test(name, () => {
      expect(() => skip(schema, ...bytes)).toThrow(MalformedBytes);
    });
  }
});

test('a type that stands for 2^60 values of no bytes is none', () => {
  let schema: object = { type: 'record', name: 'R0', fields: [] };
  for (let level = 1; level <= 60; level += 1) {
    const fields = [
      { name: 'a', type: schema },
      { name: 'b', type: `R${level - 1}` },
    ];
    schema = { type: 'record', name: `R${level}`, fields };
  }
  expect(skip(schema, [])).toBe(0);
});

test('records beside each other are not within each other', () => {
  expect(skip(array(LIST), avroLong(5_000n), Buffer.from('0100'.repeat(5_000), 'hex'), [0x00])).toBe(0);
});

test('a type that nobody defined cannot be passed over', () => {
  expect(() => skip(array('Nowhere'), [0x00])).toThrow(SchemaMismatch);
});
