import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readOffsets, writeOffsets } from '../../../../src/operate/replay/offsets-file.ts';

test('plain lines, sorted, as Kafka’s own tool reads them', () => {
  const offsets = [
    { topic: 'payment-final', partition: 10, offset: 7 },
    { topic: 'payment-final', partition: 2, offset: 0 },
  ];
  expect(writeOffsets(offsets)).toBe('payment-final,2,0\npayment-final,10,7\n');
});

test('what was written is read back to the bit', () => {
  const offset = fc.record({
    topic: fc.stringMatching(/^[a-zA-Z0-9._-]{1,40}$/),
    partition: fc.nat({ max: 1_000 }),
    offset: fc.nat({ max: 2 ** 50 - 1 }).map((n) => Math.min(n, 999_999_999_999_999)),
  });
  const many = fc.uniqueArray(offset, { minLength: 1, selector: ({ topic, partition }) => `${topic}:${partition}` });
  fc.assert(
    fc.property(many, (offsets) => {
      const text = writeOffsets(offsets);
      expect(writeOffsets(readOffsets(text, 'f'))).toBe(text);
    }),
  );
});

test('quotes around the topic, other line ends and empty lines do no harm', () => {
  expect(readOffsets('"payment-final",0,5\r\n\r\npayment-final,1,6', 'f')).toEqual([
    { topic: 'payment-final', partition: 0, offset: 5 },
    { topic: 'payment-final', partition: 1, offset: 6 },
  ]);
});

test.each([
  ['TOPIC,PARTITION,OFFSET\n', 'f, line 1: write topic,partition,offset'],
  ['a,0,1\na,0,2\n', 'f, line 2: a:0 stands there twice'],
  ['a,0,-1\n', 'f, line 1'],
  ['\n', 'f: no offsets in it'],
])('%j is refused by name and line', (text, says) => {
  expect(() => readOffsets(text, 'f')).toThrow(says);
});
