import { describe, expect, test } from 'vitest';
import { readRecords, type BatchHead, type Window } from '../../../../src/kafka/wire/batch-records.ts';

const HEAD: BatchHead = { firstOffset: 100, lastOffset: 109, count: 1, firstTimestamp: 1_000 };
const ALL: Window = { from: 0, records: 1_000, bytes: 1_000_000 };

/** A number from -64 to 63, as records write it. */
const small = (number: number): number => (number < 0 ? -2 * number - 1 : 2 * number);

/** What a record without key, value and headers holds behind its length. */
const fields = (delta: number): number[] => [0, small(0), small(delta), small(-1), small(-1), small(0)];

/** A record of these bytes, the first of which says how many they are. */
const record = (bytes: readonly number[], length = bytes.length): number[] => [small(length), ...bytes];

function read(records: readonly number[][], head: Partial<BatchHead> = {}, window: Partial<Window> = {}) {
  const bytes = Buffer.from(records.flat());
  return readRecords(bytes, { ...HEAD, count: records.length, ...head }, { ...ALL, ...window });
}

const offsets = (...args: Parameters<typeof read>): string[] => read(...args).records.map(({ offset }) => offset);

describe('records that are not what their batch says are none', () => {
  test.each<[string, readonly number[][], string]>([
    ['two at one offset', [record(fields(1)), record(fields(1))], 'offset 101 out of place'],
    ['one before the one before', [record(fields(2)), record(fields(1))], 'offset 101 out of place'],
    ['one before its batch', [record(fields(-1))], 'offset 99 out of place'],
    ['one behind its batch', [record(fields(10))], 'offset 110 out of place'],
    ['one longer than its batch', [record(fields(0), 9)], 'cut off'],
    ['one shorter than its head', [record(fields(0), 1)], 'cut off'],
    ['one of which something is left over', [record([...fields(0), 0])], 'a record ends before its end'],
    ['one without all of its fields', [record(fields(0).slice(0, 4))], 'cut off'],
    ['a key of a length below none', [record([0, 0, 0, small(-2)])], 'cut off'],
    ['a number of eleven bytes', [record([0, ...Array<number>(10).fill(0x80), 0])], 'a number without end'],
    ['nothing', [[]], 'cut off'],
  ])('%s', (_, records, message) => {
    expect(() => read(records)).toThrow(message);
  });

  test('up to the first and the last offset of their batch they are', () => {
    expect(offsets([record(fields(0)), record(fields(9))])).toEqual(['100', '109']);
  });

  test('a number may take ten bytes, as the largest do', () => {
    const [attributes, , ...rest] = fields(4);
    expect(offsets([record([attributes ?? 0, ...Array<number>(9).fill(0x80), 0, ...rest])])).toEqual(['104']);
  });
});

describe('what is taken at once', () => {
  const three = [record(fields(0)), record(fields(1)), record(fields(2))];
  const taken = (window: Partial<Window>) => {
    const { records, bytes, whole } = read(three, {}, window);
    return { offsets: records.map(({ offset }) => offset), bytes, whole };
  };

  test('begins where it is wanted', () => {
    expect(taken({ from: 101 })).toEqual({ offsets: ['101', '102'], bytes: 12, whole: true });
    expect(taken({ from: 103 })).toEqual({ offsets: [], bytes: 0, whole: true });
  });

  test('is as many records as are wanted, and says whether these are all', () => {
    expect(taken({ records: 2 })).toEqual({ offsets: ['100', '101'], bytes: 12, whole: false });
    expect(taken({ records: 3 })).toMatchObject({ bytes: 18, whole: true });
  });

  test('is as many bytes as are wanted, to the last', () => {
    expect(taken({ bytes: 17 })).toEqual({ offsets: ['100', '101'], bytes: 12, whole: false });
    expect(taken({ bytes: 18 })).toMatchObject({ bytes: 18, whole: true });
  });

  test('is one record, however little is wanted', () => {
    expect(taken({ records: 0, bytes: 0 })).toEqual({ offsets: ['100'], bytes: 6, whole: false });
  });
});

test('headers of one name stand together, in their order', () => {
  const header = (name: string, value: string): number[] => [
    small(name.length),
    ...Buffer.from(name),
    small(value.length),
    ...Buffer.from(value),
  ];
  const headers = [...header('a', '1'), ...header('b', '2'), ...header('a', '3'), ...header('a', '4')];
  const [one] = read([record([...fields(0).slice(0, 5), small(4), ...headers])]).records;
  expect({ ...one?.headers }).toEqual({ a: ['1', '3', '4'].map((text) => Buffer.from(text)), b: Buffer.from('2') });
});
