import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countLetters, matches } from '../../../../src/operate/dead-letters/filter.ts';
import { planDiscard, planRedrive, TOLD, type RedriveRules } from '../../../../src/operate/dead-letters/plan.ts';
import { letter } from './letter.ts';

const RULES: RedriveRules = { filter: {}, max: Number.POSITIVE_INFINITY, maxRedrives: 2, isTold: () => false };
const names = (records: readonly { record: string }[]) => records.map(({ record }) => record);

describe('a filter means letters', () => {
  const own = letter(5, { at: 2_000 });
  test.each([
    [{}, true],
    [{ reason: 'rejected', code: 'PROCESS_FAIL', paymentId: 'P-5' }, true],
    [{ reason: 'undecodable' }, false],
    [{ code: 'OTHER' }, false],
    [{ paymentId: 'P-6' }, false],
    [{ from: 2_000 }, true],
    [{ from: 2_001 }, false],
    [{ to: 2_001 }, true],
    [{ to: 2_000 }, false],
    [{ except: ['P-4', 'P-5'] }, false],
    [{ except: ['P-4'] }, true],
  ])('%j: %s', (filter, isMeant) => {
    expect(matches(own, filter)).toBe(isMeant);
  });

  test('an excluded payment excludes no letter of which none is known', () => {
    expect(matches(letter(5, { paymentId: null }), { except: [''] })).toBe(true);
  });
});

test('letters are counted by reason and code, the most frequent first', () => {
  const undecodable = { reason: 'undecodable', code: null };
  expect(countLetters([letter(1, undecodable), letter(2), letter(3), letter(4, { code: 'A' })])).toEqual([
    { reason: 'rejected', code: 'PROCESS_FAIL', count: 2 },
    { reason: 'rejected', code: 'A', count: 1 },
    { reason: 'undecodable', code: null, count: 1 },
  ]);
});

describe('a plan', () => {
  test('has open letters in the order of their events, whatever the order of the letters', () => {
    const late = letter(1, { origin: { topic: 'pf', partition: 0, offset: 9 } });
    const early = letter(2, { origin: { topic: 'pf', partition: 0, offset: 3 } });
    expect(names(planRedrive([late, early, letter(4, { closed: 'redriven' })], RULES).records)).toEqual(
      names([early, late]),
    );
  });

  test('leaves what must not be sent again, and says why', () => {
    const [gone, often, told] = [letter(1, { hasValue: false }), letter(2, { redriveCount: 2 }), letter(3)];
    const { records, skipped } = planRedrive([gone, often, told, letter(4)], {
      ...RULES,
      isTold: (own) => own === told,
    });
    expect(names(records)).toEqual(names([letter(4)]));
    expect(skipped.map(({ record, why }) => [record, why])).toEqual([
      [gone.record, 'it has no value, so there is nothing to send'],
      [often.record, 'quarantined: redriven 2 times already'],
      [told.record, TOLD],
    ]);
  });

  test('takes the oldest events where only so many may go', () => {
    const { records, skipped } = planRedrive([letter(3), letter(2), letter(1)], { ...RULES, max: 2 });
    expect([names(records), skipped]).toEqual([names([letter(1), letter(2)]), []]);
  });

  test('sends an event once, of which a crash has left two letters, and closes both', () => {
    const origin = { topic: 'pf', partition: 0, offset: 1 };
    const [first, second] = [letter(1, { origin }), letter(7, { origin })];
    for (const { records } of [planRedrive([first, second], RULES), planDiscard([first, second], {})])
      expect(records).toEqual([
        { record: second.record, alsoCloses: [first.record], origin: 'pf:0:1', paymentId: 'P-7' },
      ]);
  });

  test('has every open letter once: sent, closed with another one, or left with a reason', () => {
    const letters = fc.array(
      fc.record({ origin: fc.nat(5), redriveCount: fc.nat(3), hasValue: fc.boolean(), isClosed: fc.boolean() }),
    );
    fc.assert(
      fc.property(letters, (fields) => {
        const all = fields.map(({ origin, isClosed, ...own }, at) =>
          letter(at, {
            ...own,
            origin: { topic: 'pf', partition: 0, offset: origin },
            closed: isClosed ? 'redriven' : null,
          }),
        );
        const { records, skipped } = planRedrive(all, RULES);
        const sent = records.flatMap(({ record, alsoCloses }) => [record, ...alsoCloses]);
        const left = new Set(skipped.map(({ record }) => record));
        const open = all.filter(({ closed }) => closed === null);
        const events = new Set(open.map(({ origin }) => origin.offset));
        expect(new Set(sent).size).toBe(sent.length);
        expect(sent.some((record) => left.has(record))).toBe(false);
        expect(records.length + skipped.length).toBe(events.size);
      }),
    );
  });
});
