import { describe, expect, test } from 'vitest';
import { Cursor, MalformedBytes } from '../../../../src/kafka/avro/cursor.ts';
import { avroLong } from '../../../support/avro-bytes.ts';

const over = (...bytes: number[]): Cursor => new Cursor(Buffer.from(bytes));
const longOf = (value: bigint, divisor?: number): number => new Cursor(avroLong(value)).long(divisor);

describe('numbers', () => {
  test.each([
    0n,
    -1n,
    1n,
    63n,
    -64n,
    64n,
    -65n,
    127n,
    128n,
    8_191n,
    8_192n,
    134_217_727n,
    134_217_728n,
    -134_217_729n,
    2n ** 31n,
    2n ** 35n - 1n,
    -(2n ** 35n),
    2n ** 48n + 1n,
    1_790_000_000_000n,
    2n ** 53n - 1n,
    1n - 2n ** 53n,
  ])('%i is read to the last bit', (value) => {
    expect(longOf(value)).toBe(Number(value));
  });

  test.each([2n ** 53n, -(2n ** 53n), 2n ** 62n, 2n ** 63n - 1n, -(2n ** 63n)])('%i is past 2^53', (value) => {
    expect(() => longOf(value)).toThrow(MalformedBytes);
  });

  test.each([
    [1_790_000_000_123_456_789n, 1_000_000, 1_790_000_000_123],
    [1_790_000_000_123_999_999n, 1_000_000, 1_790_000_000_123],
    [1_790_000_000_124_000_000n, 1_000_000, 1_790_000_000_124],
    [2n ** 63n - 1n, 1_000_000, 9_223_372_036_854],
    [-(2n ** 63n), 1_000_000, -9_223_372_036_855],
    [1_790_000_000_123_456n, 1_000, 1_790_000_000_123],
    [5n, 1_000, 0],
    [-1n, 1_000, -1],
    [-1_000n, 1_000, -1],
    [-1_001n, 1_000, -2],
  ])('%i / %i is %i, rounded down', (value, divisor, quotient) => {
    expect(longOf(value, divisor)).toBe(quotient);
  });

  test('may be written with more bytes than they need, as Java reads them', () => {
    expect(over(0x82, 0x80, 0x80, 0x80, 0x80, 0x00).long()).toBe(1);
  });

  test.each([
    ['an eleventh byte', Array<number>(11).fill(0x80), '64 bits'],
    ['a tenth byte above 64 bits', [...Array<number>(9).fill(0x80), 0x02], '64 bits'],
    ['no end', [0x80], 'end too early'],
    ['nothing', [], 'end too early'],
  ])('%s is refused', (_, bytes, why) => {
    expect(() => over(...bytes).long()).toThrow(MalformedBytes);
    expect(() => over(...bytes).long()).toThrow(why);
  });

  test('of any size are passed over', () => {
    const cursor = new Cursor(Buffer.concat([avroLong(2n ** 63n - 1n), avroLong(-(2n ** 63n)), avroLong(1n)]));
    cursor.skipNumber();
    cursor.skipNumber();
    expect(cursor.long()).toBe(1);
    expect(() => over(...Array<number>(11).fill(0x80)).skipNumber()).toThrow('64 bits');
  });
});

describe('texts', () => {
  test.each(['', 'plain', 'ü', 'plain at first, then 💸', '\0', '\ufffd'])('%j', (text) => {
    const bytes = Buffer.from(text);
    expect(new Cursor(Buffer.concat([avroLong(BigInt(bytes.length)), bytes])).text()).toBe(text);
  });

  test.each([
    ['longer than what is left', [0x04, 0x41]],
    ['shorter than nothing', [0x01, 0x41]],
    ['longer than any', [...avroLong(2n ** 62n)]],
    ['with half a character', [0x04, 0x41, 0xc3]],
    ['with half a surrogate', [0x06, 0xed, 0xa0, 0x80]],
    ['with an overlong zero', [0x04, 0xc0, 0x80]],
  ])('%s are refused', (_, bytes) => {
    expect(() => over(...bytes).text()).toThrow(MalformedBytes);
  });
});

test.each([-1, 3])('there is no choice %i of 3', (index) => {
  expect(() => new Cursor(avroLong(BigInt(index))).index(3)).toThrow(MalformedBytes);
});

test('what is left over is told', () => {
  const cursor = over(0x00, 0x00);
  cursor.long();
  expect(() => cursor.assertEnd()).toThrow('1 bytes');
  cursor.long();
  cursor.assertEnd();
});

test('nothing is passed over behind the end', () => {
  expect(() => over(1, 2).skip(3)).toThrow(MalformedBytes);
  expect(() => over(0x06, 1, 2).skipSized()).toThrow(MalformedBytes);
});
