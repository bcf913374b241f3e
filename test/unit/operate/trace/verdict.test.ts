import { describe, expect, test } from 'vitest';
import type { DeadLetter, ParkedCopy, Trace, Written } from '../../../../src/inspect/history.ts';
import { historyRows, resultCodeIn } from '../../../../src/operate/trace/history-rows.ts';
import { inWords, verdictOver } from '../../../../src/operate/trace/verdict.ts';

const origin = (offset: number) => ({ topic: 'pf', partition: 0, offset });
const written = (offset: number): Written => ({ kind: 'source', ...origin(offset), at: 1_000 });
const copy = (offset: number): ParkedCopy => ({
  ...{ kind: 'copy', topic: 'pf.retry.5s', partition: 0, offset: 3, at: 2_000, tier: '5s', origin: origin(offset) },
  ...{ attempts: 1, hops: 1, reason: 'timeout', notBefore: 7_000 },
});
const letter = (offset: number): DeadLetter => ({
  ...{ kind: 'letter', topic: 'pf.dead-letter', partition: 0, offset: 9, at: 3_000, origin: origin(offset) },
  ...{ attempts: 2, hops: 1, deadLetterReason: 'rejected', reason: 'PROCESS_FAIL' },
});
const at = (source: number, retry = 0) => ({
  committed: new Map([
    ['pf:0', source],
    ['pf.retry.5s:0', retry],
  ]),
  complete: true,
});

describe('a payment of several events is as far as the hindmost of them:', () => {
  const [delivered, waiting, dead] = [[written(0)], [written(1), copy(1)], [written(2), letter(2)]];
  test.each<[string, readonly (readonly Trace[])[], number]>([
    ['unknown', [], 9],
    ['delivered', [delivered], 9],
    ['dead_lettered', [delivered, dead], 9],
    ['waiting', [delivered, dead, waiting], 9],
    ['not_settled', [delivered, waiting, [written(8)]], 8],
  ])('%s', (verdict, events, committed) => {
    expect(verdictOver(events, at(committed))).toBe(verdict);
    expect(verdictOver(events.toReversed(), at(committed))).toBe(verdict);
  });

  test('what was not all read is not called delivered', () => {
    expect(verdictOver([delivered], { ...at(9), complete: false })).toBe('unknown');
  });
});

test('a history is told in the order of writing, with times in ISO 8601 and the traces it was written in', () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  expect(historyRows([letter(1), { ...copy(1), traceId }, written(1)])).toEqual([
    {
      ...{ record: 'pf:0:1', kind: 'source', at: '1970-01-01T00:00:01.000Z' },
      ...{ attempts: null, resultCode: null, reason: null, notBefore: null, traceId: null },
    },
    {
      ...{ record: 'pf.retry.5s:0:3', kind: 'copy', at: '1970-01-01T00:00:02.000Z', attempts: 1, resultCode: null },
      ...{ reason: 'timeout', notBefore: '1970-01-01T00:00:07.000Z', traceId },
    },
    {
      ...{ record: 'pf.dead-letter:0:9', kind: 'letter', at: '1970-01-01T00:00:03.000Z', attempts: 2 },
      ...{ resultCode: 'PROCESS_FAIL', reason: 'rejected', notBefore: null, traceId: null },
    },
  ]);
});

test('a time that no date can be is told as it stands', () => {
  expect(historyRows([{ ...written(1), at: 9e15 }])).toMatchObject([{ at: '9000000000000000' }]);
});

test.each([
  ['UNKNOWN_EXCEPTION', 'UNKNOWN_EXCEPTION'],
  ['behind_parked_key', null],
  ['paymentId', null],
  [null, null],
])('of the reason %s the result code is %s', (reason, code) => {
  expect(resultCodeIn(reason)).toBe(code);
});

test('where an event is, is said in words', () => {
  expect(inWords({ kind: 'waiting', copy: copy(1) })).toBe(
    'waits in retry tier 5s until 1970-01-01T00:00:07.000Z, because of timeout',
  );
  expect(inWords({ kind: 'dead_lettered', letter: letter(1), isDiscarded: true })).toBe(
    'dead-lettered (rejected, PROCESS_FAIL), and discarded',
  );
});
