import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ClosingRecord, DeadLetter, ParkedCopy } from '../../../../src/inspect/history.ts';
import { isFailing } from '../../../../src/operate/dead-letters/dead-again.ts';
import { latestRedrive, redriveStatus } from '../../../../src/operate/dead-letters/status.ts';

const origin = (offset: number) => ({ topic: 'pf', partition: 0, offset });
const closing = (event: number, fields: Partial<ClosingRecord> = {}): ClosingRecord => ({
  ...{ kind: 'closed', topic: 'dl', partition: 0, offset: 100 + event, at: event, as: 'redriven', redriveId: 'R' },
  ...{ closes: { topic: 'dl', partition: 0, offset: event }, origin: origin(event), ...fields },
});
const copy = (event: number, offset: number): ParkedCopy => ({
  ...{
    kind: 'copy',
    topic: 'retry',
    partition: 0,
    offset,
    at: 1,
    tier: '5s',
    origin: origin(event),
    attempts: 0,
    hops: 0,
  },
});
const letter = (event: number): DeadLetter => ({
  ...{ kind: 'letter', topic: 'dl', partition: 0, offset: 200 + event, at: 1, origin: origin(event), attempts: 1 },
  ...{ hops: 0, deadLetterReason: 'rejected' },
});
const committed = new Map([['retry:0', 10]]);

test('what was sent waits, is a dead letter again, or was delivered', () => {
  const closings = [1, 2, 3, 4].map((event) => closing(event));
  const traces = {
    closings,
    copies: [copy(1, 9), copy(2, 10), copy(3, 10)],
    letters: [letter(3), letter(4)],
    committed,
  };
  expect(redriveStatus('R', { ...traces, complete: true })).toEqual({
    id: 'R',
    sent: 4,
    delivered: 1,
    waiting: 2,
    deadAgain: 1,
  });
});

test('an event of which two letters were closed was sent once', () => {
  const closings = [closing(1), closing(1, { closes: { topic: 'dl', partition: 0, offset: 50 } })];
  expect(redriveStatus('R', { closings, copies: [], letters: [], committed, complete: true })).toMatchObject({
    sent: 1,
    delivered: 1,
  });
});

test('the sum is always what was sent, and nothing is called delivered where not all was read', () => {
  const events = fc.array(fc.nat(9), { maxLength: 20 });
  const copies = fc.array(fc.record({ event: fc.nat(9), offset: fc.nat(20) }));
  fc.assert(
    fc.property(events, copies, events, fc.boolean(), (closed, waiting, dead, complete) => {
      const {
        sent,
        delivered,
        waiting: waits,
        deadAgain,
      } = redriveStatus('R', {
        closings: closed.map((event) => closing(event)),
        copies: waiting.map(({ event, offset }) => copy(event, offset)),
        letters: dead.map(letter),
        ...{ committed, complete },
      });
      expect(delivered + waits + deadAgain).toBe(sent);
      expect(sent).toBe(new Set(closed).size);
      if (!complete) expect(delivered).toBe(0);
    }),
  );
});

test('the last redrive is the one that closed a letter last; to discard is none', () => {
  const other = closing(5, { redriveId: 'S' });
  const discarded = closing(9, { as: 'discarded', redriveId: 'D' });
  expect(latestRedrive([closing(1), other, discarded, closing(2)])).toBe('S');
  expect(latestRedrive([discarded])).toBeUndefined();
});

test.each([
  [19, 19, false],
  [20, 1, false],
  [20, 2, true],
  [1_000, 50, false],
  [1_000, 51, true],
])('of %i letters sent, %i that came back are too many: %s', (sent, deadAgain, isTooMany) => {
  expect(isFailing(sent, deadAgain)).toBe(isTooMany);
});
