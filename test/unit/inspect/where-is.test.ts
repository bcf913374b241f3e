import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type {
  ClosingRecord,
  DeadLetter,
  OutcomeRecord,
  ParkedCopy,
  Trace,
  Written,
} from '../../../src/inspect/history.ts';
import { whereIs } from '../../../src/inspect/where-is.ts';

const [SOURCE, RETRY, DEAD] = ['pf', 'pf.retry.5s', 'pf.dead-letter'];
const ORIGIN = { topic: SOURCE, partition: 0, offset: 7 };
const SETTLED = new Map([[`${SOURCE}:0`, 8]]);
const WAITING = new Map([...SETTLED, [`${RETRY}:0`, 5]]);
const DONE = new Map([...SETTLED, [`${RETRY}:0`, 6]]);

const written: Written = { kind: 'source', ...ORIGIN, at: 1 };
const copy = (fields: Partial<ParkedCopy> = {}): ParkedCopy => ({
  ...{ kind: 'copy', topic: RETRY, partition: 0, offset: 5, at: 2, tier: '5s', origin: ORIGIN, attempts: 1, hops: 1 },
  ...fields,
});
const letter = (fields: Partial<DeadLetter> = {}): DeadLetter => ({
  ...{ kind: 'letter', topic: DEAD, partition: 0, offset: 3, at: 3, origin: ORIGIN, attempts: 1, hops: 0 },
  deadLetterReason: 'rejected',
  ...fields,
});
const closing = (as: ClosingRecord['as'], offset = 3): ClosingRecord => {
  const closes = { topic: DEAD, partition: 0, offset };
  return { kind: 'closed', topic: DEAD, partition: 0, offset: offset + 10, at: 4, closes, as };
};
const outcome = (verdict: OutcomeRecord['verdict']): OutcomeRecord => ({
  ...{ kind: 'outcome', topic: 'outcomes', partition: 0, offset: 1, at: 5, origin: ORIGIN, verdict, paymentId: 'p' },
  ...{ resultCode: null, attempts: 1, keyVersion: null, requestSha256: null, responseSha256: null },
});

const at = (event: readonly Trace[], committed: ReadonlyMap<string, number>, complete = true) =>
  whereIs(event, { committed, complete });

describe('an event is', () => {
  test.each<[string, readonly Trace[], ReadonlyMap<string, number>, object]>([
    ['delivered where an outcome says so', [written, outcome('delivered')], SETTLED, { kind: 'delivered' }],
    ['delivered, though its commit was lost', [written, outcome('delivered')], new Map(), { kind: 'delivered' }],
    ['delivered where it was settled and nothing else is left of it', [written], SETTLED, { kind: 'delivered' }],
    ['delivered where its last copy was settled', [written, copy()], DONE, { kind: 'delivered' }],
    ['delivered where it was redriven and settled', [letter(), closing('redriven')], SETTLED, { kind: 'delivered' }],
    ['waiting where a copy is not committed', [written, copy()], WAITING, { kind: 'waiting' }],
    ['waiting where it was redriven', [letter(), closing('redriven'), copy()], WAITING, { kind: 'waiting' }],
    ['not settled before its source is committed', [written], new Map(), { kind: 'not_settled' }],
    [
      'not settled where its letter is, but its source is not committed',
      [written, letter()],
      new Map(),
      { kind: 'not_settled' },
    ],
    ['dead-lettered where its letter is', [written, letter()], SETTLED, { kind: 'dead_lettered', isDiscarded: false }],
    ['dead-lettered where its letter was discarded', [letter(), closing('discarded')], SETTLED, { isDiscarded: true }],
    ['dead-lettered where only its outcome is left', [outcome('dead_lettered')], SETTLED, { kind: 'dead_lettered' }],
    ['unknown where nothing of it was found', [], SETTLED, { kind: 'unknown' }],
    ['unknown where only a closing was found', [closing('redriven')], SETTLED, { kind: 'unknown' }],
  ])('%s', (_, event, committed, expected) => {
    expect(at(event, committed)).toMatchObject(expected);
  });

  test('dead-lettered again where a redriven one came back', () => {
    const again = letter({ offset: 9, redriveCount: 1 });
    const event = [letter(), closing('redriven'), copy({ redriveCount: 1 }), again];
    expect(at(event, DONE)).toEqual({ kind: 'dead_lettered', letter: again, isDiscarded: false });
  });

  test('waiting in the copy that will be sent: the most often redriven, then parked', () => {
    const [old, newer] = [copy({ hops: 4 }), copy({ redriveCount: 1, offset: 6 })];
    const newest = copy({ redriveCount: 1, hops: 2, offset: 7 });
    expect(at([newer, newest, old], SETTLED)).toEqual({ kind: 'waiting', copy: newest });
  });

  test('not called delivered for want of traces where not all was read', () => {
    expect(at([written], SETTLED, false)).toEqual({ kind: 'unknown' });
    expect(at([written, copy()], DONE, false)).toEqual({ kind: 'unknown' });
  });
});

const traces = fc.array(
  fc.oneof(
    fc.constant<Trace>(written),
    fc.record({ offset: fc.nat(9), hops: fc.nat(3), redriveCount: fc.nat(2) }).map(copy),
    fc.record({ offset: fc.nat(9), redriveCount: fc.nat(2) }).map(letter),
    fc
      .tuple(fc.constantFrom('redriven' as const, 'discarded' as const), fc.nat(9))
      .map(([as, offset]) => closing(as, offset)),
    fc.constantFrom('delivered' as const, 'dead_lettered' as const).map(outcome),
  ),
  { maxLength: 8 },
);
const offsets = fc.record({ source: fc.nat(9), retry: fc.nat(9) }).map(
  ({ source, retry }) =>
    new Map([
      [`${SOURCE}:0`, source],
      [`${RETRY}:0`, retry],
    ]),
);

describe('whatever was found of an event,', () => {
  test('the order in which it was found says nothing', () => {
    const shuffled = traces.chain((event) =>
      fc.tuple(fc.constant(event), fc.shuffledSubarray(event, { minLength: event.length })),
    );
    fc.assert(
      fc.property(shuffled, offsets, fc.boolean(), ([event, other], committed, complete) => {
        expect(at(other, committed, complete).kind).toBe(at(event, committed, complete).kind);
      }),
    );
  });

  test('reading more of it never takes a delivery back that an outcome tells of', () => {
    fc.assert(
      fc.property(traces, offsets, fc.boolean(), (event, committed, complete) => {
        expect(at([...event, outcome('delivered')], committed, complete).kind).toBe('delivered');
      }),
    );
  });

  test('nothing that will come again is called ended', () => {
    fc.assert(
      fc.property(traces, offsets, fc.boolean(), (event, committed, complete) => {
        const { kind } = at(event, committed, complete);
        const live = event.some((trace) => trace.kind === 'copy' && trace.offset >= (committed.get(`${RETRY}:0`) ?? 0));
        const told = event.some((trace) => trace.kind === 'outcome' && trace.verdict === 'delivered');
        expect(kind === 'waiting').toBe(live && !told);
      }),
    );
  });

  test('what was not read changes nothing but a delivery that nobody tells of', () => {
    fc.assert(
      fc.property(traces, offsets, (event, committed) => {
        const [all, some] = [at(event, committed), at(event, committed, false)];
        if (some.kind === 'unknown') expect(['unknown', 'delivered']).toContain(all.kind);
        else expect(some).toEqual(all);
      }),
    );
  });
});
