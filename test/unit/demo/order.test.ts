import { describe, expect, it } from 'vitest';
import type { Evidence, ParkedCopy, SeenRequest } from '../../../deploy/demo/evidence.ts';
import { judge, type Expectation } from '../../../deploy/demo/ledger.ts';

function request(seq: number, paymentId: string, at: number, answered = 'S SUCCESS', attempt = 1): SeenRequest {
  const bodySha256 = `sha-${paymentId}`;
  return { seq, at, answeredAt: at + 10, paymentId, attempt, answered, verification: 'verified', bodySha256 };
}

function copy(origin: string, attempts: number, notBefore: number, reason: string): ParkedCopy {
  return { origin, tier: '2s', attempts, notBefore, reason, waiting: false };
}

const EXPECTED = ['A', 'B', 'C', 'D'].map((name): Expectation => ({ name, verdict: 'delivered' }));

/** Of one partition and, but for `D`, one key: `A` is parked, `B` and `C` wait behind it, `D` does not. */
const WELL: Evidence = {
  written: ['A', 'B', 'C', 'D'].map((name, offset) => ({
    ...{ partition: 0, offset, key: name === 'D' ? 'other' : 'order', name, at: 900 },
  })),
  requests: [
    request(1, 'A', 1_000, 'U UNKNOWN_EXCEPTION'),
    request(2, 'D', 1_050),
    request(3, 'A', 3_050, 'S SUCCESS', 2),
    request(4, 'B', 3_070),
    request(5, 'C', 3_090),
  ],
  letters: [],
  parked: [
    copy('0:0', 1, 3_010, 'UNKNOWN_EXCEPTION'),
    copy('0:1', 0, 3_010, 'behind_parked_key'),
    copy('0:2', 0, 3_010, 'behind_parked_key'),
  ],
  committed: new Map([[0, 4]]),
};

const judged = (change: Partial<Evidence>) => judge(EXPECTED, { ...WELL, ...change });
const withRequests = (...changed: SeenRequest[]): SeenRequest[] =>
  [...WELL.requests.filter(({ seq }) => !changed.some((each) => each.seq === seq)), ...changed].toSorted(
    (a, b) => a.seq - b.seq,
  );

describe('the order in the books of the demo', () => {
  it('is kept where later events of a key waited and another key went on, and says which waited', () => {
    const { rows, totals, faults } = judged({});
    expect(faults).toEqual([]);
    expect(totals).toMatchObject({ accountedFor: 4, outOfOrder: 0, early: 0 });
    expect(rows.map(({ name, waitedBehind }) => [name, waitedBehind])).toEqual([
      ['A', undefined],
      ['B', 'order'],
      ['C', 'order'],
      ['D', undefined],
    ]);
  });

  it('is broken by a follower that was sent at once, while its predecessor was parked', () => {
    const { totals, faults } = judged({
      requests: [
        request(1, 'A', 1_000, 'U UNKNOWN_EXCEPTION'),
        ...[request(2, 'B', 1_020), request(3, 'C', 1_040), request(4, 'D', 1_060)],
        request(5, 'A', 3_050, 'S SUCCESS', 2),
      ],
      parked: WELL.parked.slice(0, 1),
    });
    expect(faults).toEqual([
      'B: sent before the verdict on A, which stands earlier and has the same key',
      'C: sent before the verdict on A, which stands earlier and has the same key',
    ]);
    expect(totals).toMatchObject({ outOfOrder: 2, accountedFor: 2 });
  });

  it('is broken by a follower that waited and yet was sent before the answer to its predecessor was out', () => {
    const { faults } = judged({ requests: withRequests(request(4, 'B', 3_059)) });
    expect(faults).toEqual(['B: sent before the verdict on A, which stands earlier and has the same key']);
  });

  it('is broken by a follower that overtook another', () => {
    const { faults } = judged({ requests: withRequests(request(4, 'C', 3_070), request(5, 'B', 3_090)) });
    expect(faults).toEqual(['C: sent before the verdict on B, which stands earlier and has the same key']);
  });

  it('is broken by a follower of what never got a verdict', () => {
    const { faults } = judged({ requests: withRequests(request(3, 'A', 3_050, 'U UNKNOWN_EXCEPTION', 2)) });
    expect(faults).toContain('B: sent before the verdict on A, which stands earlier and has the same key');
    expect(faults).toContain('C: sent before the verdict on A, which stands earlier and has the same key');
  });

  it('lets a dead letter be the verdict', () => {
    const refused = withRequests(request(3, 'A', 3_050, 'F PROCESS_FAIL', 2));
    const letter = { origin: '0:0', reason: 'rejected', detail: 'PROCESS_FAIL', at: 3_065 };
    const orderFaults = (at: number): string[] =>
      judged({ requests: refused, letters: [{ ...letter, at }] }).faults.filter((fault) =>
        fault.includes('verdict on'),
      );
    expect(orderFaults(3_065)).toEqual([]);
    expect(orderFaults(3_071)).toEqual(['B: sent before the verdict on A, which stands earlier and has the same key']);
  });

  it('is broken where an event waited behind nothing: nobody may be first sent before it', () => {
    const { totals, faults } = judged({
      written: WELL.written.map((record) => ({ ...record, key: record.name === 'B' ? 'own' : record.key })),
    });
    expect(faults).toEqual(['D: sent for the first time before B, which stands earlier']);
    expect(totals.outOfOrder).toBe(1);
  });
});
