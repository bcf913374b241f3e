import { describe, expect, it } from 'vitest';
import type { Evidence, SeenRequest } from '../../../deploy/demo/evidence.ts';
import { judge, type Expectation } from '../../../deploy/demo/ledger.ts';

/** Of one partition: `A` delivered at once, `B` on the second attempt after a stay in tier 2s, `C` a dead letter. */
const EXPECTED: readonly Expectation[] = [
  { name: 'A', verdict: 'delivered', attempts: 1 },
  { name: 'B', verdict: 'delivered', attempts: 2 },
  { name: 'C', verdict: 'dead_lettered', reason: 'rejected', detail: 'PROCESS_FAIL', attempts: 1 },
];

function request(seq: number, paymentId: string, answered: string, change: Partial<SeenRequest> = {}): SeenRequest {
  return {
    ...{ seq, paymentId, answered, at: 1_000 + seq, answeredAt: 1_010 + seq },
    ...{ attempt: 1, verification: 'verified', bodySha256: `sha-${paymentId}`, ...change },
  };
}

const WELL: Evidence = {
  written: [
    { partition: 0, offset: 0, key: 'A', name: 'A', at: 900 },
    { partition: 0, offset: 1, key: 'B', name: 'B', at: 900 },
    { partition: 0, offset: 2, key: 'C', name: 'C', at: 900 },
  ],
  requests: [
    request(1, 'A', 'S SUCCESS'),
    request(2, 'B', 'U UNKNOWN_EXCEPTION'),
    request(3, 'C', 'F PROCESS_FAIL'),
    request(4, 'B', 'S SUCCESS', { attempt: 2, at: 3_100, answeredAt: 3_110 }),
  ],
  letters: [{ origin: '0:2', reason: 'rejected', detail: 'PROCESS_FAIL', at: 1_020 }],
  parked: [
    {
      ...{ origin: '0:1', tier: '2s', attempts: 1, notBefore: 3_050, reason: 'UNKNOWN_EXCEPTION' },
      ...{ bodySha256: 'sha-B', waiting: false },
    },
  ],
  committed: new Map([[0, 3]]),
};

const without = (seq: number): readonly SeenRequest[] => WELL.requests.filter((each) => each.seq !== seq);
const judged = (change: Partial<Evidence>) => judge(EXPECTED, { ...WELL, ...change });

describe('the books of the demo', () => {
  it('find nothing where all went well', () => {
    const { rows, totals, faults } = judged({});
    expect(faults).toEqual([]);
    expect(totals).toEqual({
      ...{ events: 3, accountedFor: 3, delivered: 2, deadLettered: 1, waiting: 0, uncommitted: 0 },
      ...{ lost: 0, duplicates: 0, outOfOrder: 0, early: 0 },
    });
    expect(rows.map(({ place, attempts, seconds }) => [place, attempts, seconds])).toEqual([
      ['delivered', 1, 0.111],
      ['delivered', 2, 2.21],
      ['dead_lettered', 1, 0.12],
    ]);
  });

  it('name a lost event: committed, but told nobody', () => {
    const { totals, faults } = judged({ requests: without(1) });
    expect(totals).toMatchObject({ lost: 1, delivered: 1, accountedFor: 2 });
    expect(faults).toContain('A: expected delivered, is lost');
  });

  it('name an event that never came to the source topic', () => {
    const { totals, faults } = judged({ written: WELL.written.slice(1), requests: without(1) });
    expect(totals).toMatchObject({ lost: 1, accountedFor: 2 });
    expect(faults).toEqual(['A: does not stand in the source topic']);
  });

  it('do not take an unsigned S, or one to a request that was refused, for a delivery', () => {
    const unsigned = judged({ requests: [request(1, 'A', 'S SUCCESS none'), ...without(1)] });
    expect(unsigned.faults).toEqual(['A: expected delivered, is lost']);
    const followed = request(1, 'A', 'S SUCCESS', { verification: 'redirect_followed' });
    expect(judged({ requests: [followed, ...without(1)] }).faults).toEqual([
      'A: expected delivered, is lost',
      'A: request 1 was wrong in itself: redirect_followed',
    ]);
  });

  it('name a request sent again after it was delivered', () => {
    const { totals, faults } = judged({
      requests: [...WELL.requests, request(5, 'A', 'S SUCCESS', { attempt: 2, at: 4_000 })],
    });
    expect(totals.duplicates).toBe(1);
    expect(faults).toContain('A: sent 1 more time(s) after the gateway had said S');
  });

  it('name a second letter, a second live copy, and an event in two places', () => {
    expect(judged({ letters: [...WELL.letters, ...WELL.letters] }).faults).toEqual(['C: is 2 dead letters']);
    const [copy] = WELL.parked;
    const live = { ...copy!, waiting: true };
    expect(judged({ parked: [live, live] }).faults).toEqual([
      'B: waits in 2 live copies',
      'B: is in more than one place: delivered, waiting',
    ]);
    expect(judged({ letters: [...WELL.letters, { ...WELL.letters[0]!, origin: '0:0' }] }).faults).toEqual([
      'A: is in more than one place: delivered, dead_lettered',
    ]);
  });

  it('name what still waits and what is not committed', () => {
    const waiting = judged({
      requests: without(4),
      parked: WELL.parked.map((copy) => ({ ...copy, waiting: true })),
    });
    expect(waiting.totals).toMatchObject({ waiting: 1, lost: 0 });
    expect(waiting.faults).toContain('B: expected delivered, is waiting');
    const stuck = judged({ requests: without(1), committed: new Map() });
    expect(stuck.faults).toContain('A: expected delivered, is uncommitted');
    expect(judged({ committed: new Map([[0, 2]]) }).faults).toEqual([
      'C: is in more than one place: dead_lettered, uncommitted',
    ]);
  });

  it('name events of a partition that were first sent the other way round', () => {
    const { totals, faults } = judged({
      requests: [request(1, 'B', 'U UNKNOWN_EXCEPTION'), request(2, 'A', 'S SUCCESS'), ...WELL.requests.slice(2)],
    });
    expect(totals.outOfOrder).toBe(1);
    expect(faults).toEqual(['B: sent for the first time before A, which stands earlier']);
  });

  it('let events of other partitions overtake', () => {
    const written = WELL.written.map((record) => (record.name === 'B' ? { ...record, partition: 1 } : record));
    const { totals } = judged({
      written,
      requests: [request(1, 'B', 'U UNKNOWN_EXCEPTION'), request(2, 'A', 'S SUCCESS'), ...WELL.requests.slice(2)],
      parked: WELL.parked.map((copy) => ({ ...copy, origin: '1:1' })),
      committed: new Map([
        [0, 3],
        [1, 2],
      ]),
    });
    expect(totals).toMatchObject({ outOfOrder: 0, accountedFor: 3 });
  });

  it('name a retry before its time', () => {
    const early = request(4, 'B', 'S SUCCESS', { attempt: 2, at: 3_049 });
    const { totals, faults } = judged({ requests: [...without(4), early] });
    expect(totals.early).toBe(1);
    expect(faults).toEqual(['B: sent 1 ms before its time in tier 2s']);
  });

  it('name a retry with other bytes, on the wire or in the topic', () => {
    const other = request(4, 'B', 'S SUCCESS', { attempt: 2, at: 3_100, bodySha256: 'sha-other' });
    expect(judged({ requests: [...without(4), other] }).faults).toEqual([
      'B: a retry did not send the same body bytes',
    ]);
    expect(judged({ parked: WELL.parked.map((copy) => ({ ...copy, bodySha256: 'sha-other' })) }).faults).toEqual([
      'B: a retry did not send the same body bytes',
    ]);
  });

  it('name another end, another reason and another number of requests than expected', () => {
    const [letter] = WELL.letters;
    expect(judged({ letters: [{ ...letter!, reason: 'undecodable', detail: 'magic' }] }).faults).toEqual([
      'C: expected a dead letter rejected (PROCESS_FAIL), is undecodable (magic)',
    ]);
    const expected = EXPECTED.map((each) => (each.name === 'A' ? { ...each, attempts: 2 } : each));
    expect(judge(expected, WELL).faults).toEqual(['A: expected 2 request(s), the gateway saw 1']);
  });

  it('name what nobody wrote', () => {
    const { faults } = judged({
      requests: [...WELL.requests, request(5, 'X', 'S SUCCESS')],
      letters: [...WELL.letters, { ...WELL.letters[0]!, origin: '7:7' }],
    });
    expect(faults).toEqual([
      'request 5 is for "X", which nobody wrote',
      'a record in a topic names the origin 7:7, which nobody wrote',
    ]);
  });
});
