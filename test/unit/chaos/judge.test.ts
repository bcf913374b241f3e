import { describe, expect, test } from 'vitest';
import type { Copy, Evidence, Fault, Letter, Owned, SeenRequest, Told, Written } from '../../chaos/evidence.ts';
import { judge } from '../../chaos/judge.ts';
import type { ViolationKind } from '../../chaos/violations.ts';

const SESSION_MS = 8_000;
const containing = (text: string): unknown => expect.stringContaining(text);

/** A history in which nothing is wrong, a second between events; each test spoils it. */
class Story {
  acknowledged: string[] = [];
  written: Written[] = [];
  requests: SeenRequest[] = [];
  copies: Copy[] = [];
  letters: Letter[] = [];
  /** By default what has to be told. */
  told?: Told[];
  faults: Fault[] = [];
  owned: Owned[] = [];
  committed = new Map<string, number>();
  ordering: 'partition' | 'key' = 'partition';
  settled = true;

  event(offset: number, at: number, key: string | null = null, paymentId = `p${offset}`): this {
    this.written.push({ partition: 0, offset, key, paymentId, at });
    this.committed.set('main:0', offset + 1);
    return this;
  }

  request(paymentId: string, at: number, answered = 'S SUCCESS', fields: Partial<SeenRequest> = {}): this {
    const seq = this.requests.length + 1;
    const sha = { bodySha256: `sha of ${paymentId}`, verification: 'verified' };
    this.requests.push({ seq, at, signedAt: at - 1, answeredAt: at + 5, paymentId, answered, ...sha, ...fields });
    return this;
  }

  copy(origin: number, at: number, fields: Partial<Copy> = {}): this {
    const offset = this.copies.length;
    const plain = { tier: '1s', partition: 0, redriveCount: 0, hops: 1, attempts: 1, reason: 'UNKNOWN_EXCEPTION' };
    this.copies.push({ ...plain, offset, origin, at, notBefore: at + 1_000, ...fields });
    this.committed.set('1s:0', offset + 1);
    return this;
  }

  letter(origin: number, at: number, reason = 'rejected'): this {
    this.letters.push({ partition: 0, offset: this.letters.length, origin, at, reason });
    return this;
  }

  fault(kind: Fault['kind'], from: number, to = from, whom = 'member-1'): this {
    this.faults.push({ kind, from, to, whom });
    return this;
  }

  owns(member: string, lanes: readonly string[], from = -Infinity, to = Infinity): this {
    this.owned.push({ member, lanes: new Set(lanes), from, to });
    return this;
  }

  evidence(): Evidence {
    const { written, requests, copies, letters, faults, owned, committed, ordering, settled } = this;
    return {
      ...{ written, requests, copies, letters, faults, owned, committed, ordering, settled },
      told: this.told ?? this.verdicts(),
      acknowledged: this.acknowledged,
      concurrency: this.ordering === 'key' ? 4 : 1,
      sessionTimeoutMs: SESSION_MS,
      gatewayTimeoutMs: 2_000,
      load: { from: 0, to: Math.max(...this.requests.map(({ at }) => at)) },
    };
  }

  /** An outcome for each delivery and each letter. */
  verdicts(): Told[] {
    const delivered = this.requests.filter(({ answered, answeredAt }) => answered === 'S SUCCESS' && answeredAt);
    return [
      ...delivered.flatMap(({ paymentId, at }) =>
        this.written
          .filter((written) => written.paymentId === paymentId)
          .map(({ partition, offset }) => ({
            partition,
            origin: offset,
            verdict: 'delivered' as const,
            settledAt: at,
          })),
      ),
      ...this.letters.map(({ partition, origin, at }) => {
        return { partition, origin, verdict: 'dead_lettered' as const, settledAt: at };
      }),
    ];
  }

  verdict(): ReturnType<typeof judge> {
    return judge(this.evidence());
  }

  kinds(): ViolationKind[] {
    return this.verdict().violations.map(({ kind }) => kind);
  }
}

/** Delivered; unknown, then delivered; refused; no event; a later one of the first one's key; all by one member. */
function good(): Story {
  return onBehalfOf('member-1');
}

function onBehalfOf(member: string): Story {
  return new Story()
    .owns(member, ['main:0', '1s:0'])
    .event(0, 0, 'A')
    .event(1, 0, 'B')
    .event(2, 0, 'C')
    .event(3, 0, 'C', '')
    .event(4, 0, 'A')
    .request('p0', 10)
    .request('p1', 20, 'U UNKNOWN_EXCEPTION')
    .copy(1, 26)
    .request('p2', 30, 'F PROCESS_FAIL')
    .letter(2, 36)
    .letter(3, 40, 'undecodable')
    .request('p4', 50)
    .request('p1', 1_030);
}

describe('a good history', () => {
  test('is found good, and every record in its place', () => {
    expect(good().verdict()).toMatchObject({
      violations: [],
      records: 5,
      requests: 5,
      places: { delivered: 3, deadLettered: 2, waiting: 0, uncommitted: 0 },
      repeats: { explained: 0, unexplained: 0, unseenVerdicts: 0, most: 0, bound: 2 },
    });
  });

  test('of which the end has not come counts what waits, and what is not committed', () => {
    const story = good().event(5, 60).request('p5', 61, 'U UNKNOWN_EXCEPTION').copy(5, 67).event(6, 70);
    story.committed.set('1s:0', 1).set('main:0', 6);
    story.settled = false;
    expect(story.verdict()).toMatchObject({ violations: [], places: { waiting: 1, uncommitted: 1 } });
    story.settled = true;
    expect(story.kinds()).toEqual(['unsettled', 'unsettled']);
  });
});

describe('where records are', () => {
  test('committed, and nowhere else: lost', () => {
    const story = good().event(5, 60);
    expect(story.verdict().violations).toMatchObject([{ kind: 'lost', detail: containing('0:5 (p5)') }]);
  });

  test('an answer that was not signed, or never went out, is no delivery', () => {
    expect(good().event(5, 60).request('p5', 61, 'S SUCCESS none').kinds()).toEqual(['lost']);
    const story = good().event(5, 60).request('p5', 61);
    delete (story.requests.at(-1) as { answeredAt?: number }).answeredAt;
    expect(story.kinds()).toEqual(['lost']);
  });

  test('a copy that was committed without anything in its place: lost', () => {
    expect(good().event(5, 60).request('p5', 61, 'U UNKNOWN_EXCEPTION').copy(5, 67).kinds()).toEqual(['lost']);
  });

  test('delivered and dead-lettered: doubled', () => {
    expect(good().letter(0, 60).kinds()).toEqual(['doubled']);
  });

  test('two copies that are both the newest: doubled; an older one beside a newer is not', () => {
    const story = good().event(5, 60).request('p5', 61, 'U UNKNOWN_EXCEPTION').copy(5, 67).copy(5, 68);
    story.committed.set('1s:0', 1);
    expect(story.kinds()).toEqual(['unsettled', 'doubled']);
    story.copies[2] = { ...story.copies[2]!, hops: 2 };
    expect(story.kinds()).toEqual(['unsettled']);
  });

  test('delivered, and its newest copy waits: doubled', () => {
    const story = good();
    story.committed.set('1s:0', 0);
    expect(story.kinds()).toEqual(['unsettled', 'doubled']);
  });

  test('a verdict without its outcome is untold, once all is settled', () => {
    const story = good();
    story.told = story.verdicts().slice(1);
    expect(story.kinds()).toEqual(['untold']);
    story.settled = false;
    expect(story.kinds()).not.toContain('untold');
  });

  test('an outcome may stand twice as it is, and no other beside it', () => {
    const story = good();
    const [first, ...others] = story.verdicts();
    if (first === undefined) throw new Error('nothing was told');
    story.told = [first, first, ...others];
    expect(story.kinds()).toEqual([]);
    story.told.push({ ...first, settledAt: first.settledAt + 1 });
    expect(story.kinds()).toEqual(['overtold']);
  });

  test('two letters for one record are doubled, unless a fault came between letter and commit', () => {
    expect(good().letter(3, 60, 'undecodable').kinds()).toEqual(['doubled']);
    expect(good().letter(3, 9_000, 'undecodable').fault('kill', 45).kinds()).toEqual([]);
  });

  test('a payment that stands twice, and one that nobody wrote', () => {
    expect(good().event(5, 60, null, 'p0').kinds()).toContain('ambiguous');
    expect(good().request('p99', 60).kinds()).toEqual(['stranger']);
  });

  test('a payment that was acknowledged to its writer, and that the judge does not find', () => {
    const story = good();
    story.acknowledged.push('p0', 'p5');
    expect(story.verdict().violations).toEqual([{ kind: 'unread', detail: 'p5' }]);
  });
});

describe('order', () => {
  test('first requests against the order of offsets', () => {
    const story = good().event(5, 60).event(6, 60).request('p6', 70).request('p5', 80);
    expect(story.verdict().violations).toEqual([{ kind: 'order', detail: '0:5 (p5) was sent after 0:6 (p6)' }]);
    story.ordering = 'key';
    expect(story.kinds()).toEqual([]);
  });

  test('a record that waited behind a parked one of its key is no part of the order of offsets', () => {
    const story = good().event(5, 60, 'K').event(6, 60, 'K').event(7, 60);
    story.request('p5', 61, 'U UNKNOWN_EXCEPTION').copy(5, 67);
    story.copy(6, 68, { attempts: 0, reason: 'behind_parked_key', notBefore: 1_067 });
    story.request('p7', 70).request('p5', 1_070).request('p6', 1_080);
    expect(story.kinds()).toEqual([]);
  });

  test('sent while an earlier one of its key is parked', () => {
    const story = good().event(5, 60, 'B').request('p5', 70);
    expect(story.verdict().violations).toMatchObject([
      { kind: 'key_order', detail: containing('0:5 (p5) was sent, but 0:1 (p1) had its verdict 965 ms') },
    ]);
  });

  test('sent before an earlier one of its key that has neither verdict nor letter', () => {
    const story = good().event(5, 60, 'K').event(6, 60, 'K').request('p6', 70);
    story.committed.set('main:0', 5);
    story.settled = false;
    expect(story.kinds()).toEqual(['key_order']);
  });

  test('sent again while an earlier one of its key, repeated after a crash, has no verdict yet', () => {
    const story = good().event(5, 60, 'K').event(6, 60, 'K').request('p5', 61).request('p6', 68).fault('kill', 70);
    story.request('p5', 9_000, 'U UNKNOWN_EXCEPTION').copy(5, 9_006, { notBefore: 9_500 });
    const parked = story.requests.length;
    expect(story.request('p6', 9_100).request('p5', 9_600).verdict().violations).toMatchObject([
      { kind: 'key_order', detail: containing('0:6 (p6) was sent, but 0:5 (p5) had its verdict 505 ms') },
    ]);
    story.requests.splice(parked);
    expect(story.request('p5', 9_600).request('p6', 9_700).kinds()).toEqual([]);
  });

  test('sent while an earlier one of its key is parked, whose verdict the gateway told nobody', () => {
    const story = good().event(5, 60, 'K').event(6, 60, 'K').fault('gateway_down', 66, 3_000).request('p5', 61);
    story.copy(5, 67, { reason: 'connection_reset' }).request('p6', 500).request('p5', 3_100);
    expect(story.kinds()).toEqual(['key_order']);
  });

  test('sent while an earlier one is parked whose key is empty, and which is of the same payment', () => {
    const story = good().event(5, 60, '', 'twice').event(6, 60, null, 'twice');
    story.request('twice', 61, 'U UNKNOWN_EXCEPTION').copy(5, 67).request('twice', 70);
    expect(story.kinds()).toContain('key_order');
  });

  test('what is never sent, and records without key, keep nobody waiting', () => {
    const story = good().event(5, 60, 'C').request('p5', 70);
    story.event(6, 80, '').request('p6', 81, 'U UNKNOWN_EXCEPTION').copy(6, 87).event(7, 82, '').request('p7', 88);
    expect(story.request('p6', 1_100).kinds()).toEqual([]);
  });
});

describe('retries', () => {
  test('sent before its time', () => {
    const story = good();
    story.requests[4] = { ...story.requests[4]!, at: 1_025, signedAt: 1_024, answeredAt: 1_029 };
    expect(story.kinds()).toEqual(['early']);
  });

  test('sent before its time, as the record it was parked for came again after a crash: a repeat that is explained', () => {
    const story = good();
    story.requests[4] = { ...story.requests[4]!, at: 1_025, signedAt: 1_024, answeredAt: 1_029 };
    expect(story.fault('kill', 27).verdict()).toMatchObject({ violations: [], repeats: { explained: 1, most: 1 } });
  });

  test('what the gateway read late was not sent early', () => {
    const story = good().event(5, 60).request('p5', 2_500, 'client_left', { signedAt: 70 });
    expect(story.copy(5, 2_080, { reason: 'timeout' }).request('p5', 3_085).kinds()).toEqual([]);
  });

  test('other bytes in a request, or in the copy', () => {
    const story = good();
    story.requests[4] = { ...story.requests[4]!, bodySha256: 'changed' };
    expect(story.kinds()).toEqual(['bytes']);
    const copied = good();
    copied.copies[0] = { ...copied.copies[0]!, bodySha256: 'changed' };
    expect(copied.kinds()).toEqual(['bytes']);
  });

  test('a request that the gateway found wrong', () => {
    const story = good().event(5, 60).request('p5', 70);
    story.requests[5] = { ...story.requests[5]!, verification: 'INVALID_SIGNATURE' };
    expect(story.kinds()).toEqual(['refused']);
  });
});

describe('repeats', () => {
  test('a repeat that brings no verdict is retried: the fault explains both, and a second repeat it does not', () => {
    const story = good().event(5, 60).request('p5', 61).fault('kill', 62);
    story.request('p5', 70, 'U UNKNOWN_EXCEPTION').copy(5, 77, { notBefore: 7_077 }).request('p5', 7_080);
    expect(story.verdict()).toMatchObject({ violations: [], repeats: { explained: 1, most: 1 } });
    expect(story.request('p5', 9_000).kinds()).toEqual(['repeat']);
  });

  test('after the verdict, without a fault', () => {
    const { violations } = good().request('p4', 9_000).verdict();
    expect(violations).toMatchObject([{ kind: 'repeat', detail: containing('0:4 (p4): request 6') }]);
    expect(good().request('p2', 9_000, 'F PROCESS_FAIL').kinds()).toEqual(['repeat']);
  });

  test.each(['kill', 'freeze', 'eviction', 'unclean_end', 'broker_kill', 'broker_restart'] as const)(
    'after the verdict, with a fault between answer and commit: %s',
    (kind) => {
      const story = good().fault(kind, 52).request('p4', 9_000);
      expect(story.verdict()).toMatchObject({ violations: [], repeats: { explained: 1, most: 1, bound: 2 } });
    },
  );

  test.each(['roll', 'join', 'leave', 'leaders_move', 'partitions_added', 'registry_down', 'systemic'] as const)(
    'operations explain none: %s',
    (kind) => expect(good().fault(kind, 52).request('p4', 9_000).kinds()).toEqual(['repeat']),
  );

  test.each(['kill', 'freeze', 'eviction', 'unclean_end'] as const)(
    'a member explains none in a lane that it did not own: %s',
    (kind) => {
      const others = onBehalfOf('member-2').owns('member-1', ['main:1', '1s:1']);
      expect(others.fault(kind, 52).request('p4', 9_000).kinds()).toEqual(['repeat']);
      const taken = onBehalfOf('member-2');
      taken.owned.pop();
      taken.owns('member-2', ['main:0'], 0, 30).owns('member-1', ['main:0'], 30);
      expect(taken.fault(kind, 52).request('p4', 9_000).kinds()).toEqual([]);
      expect(taken.request('p0', 9_100).kinds()).toEqual(['repeat']);
    },
  );

  test('of a copy that a frozen member wrote late, when the next owner had sent its event: of no other copy', () => {
    const story = (attempts: number): Story =>
      new Story()
        .owns('member-1', ['main:0', '1s:0'], 0, 12_000)
        .owns('member-2', ['main:0', '1s:0'], 12_000)
        .event(0, 0, 'A')
        .request('p0', 10, 'U UNKNOWN_EXCEPTION')
        .request('p0', 19_000)
        .copy(0, 20_000, { attempts })
        .request('p0', 29_000)
        .fault('freeze', 100, 19_900);
    expect(story(1).kinds()).toEqual([]);
    expect(story(1).verdict().repeats.explained).toBe(1);
    expect(story(2).kinds()).toEqual(['repeat']);
  });

  test('a member explains no second letter in a lane that it did not own', () => {
    const story = onBehalfOf('member-2').letter(3, 9_000, 'undecodable').fault('kill', 45);
    expect(story.kinds()).toEqual(['doubled']);
  });

  test('a fault explains only what happened around it', () => {
    expect(good().request('p4', 60_000).fault('kill', 50_000).kinds()).toEqual(['repeat']);
  });

  test('more of one lane after one fault than may be in flight and on the way to their commit', () => {
    const story = good().fault('kill', 52);
    story.request('p0', 9_000).request('p2', 9_001, 'F PROCESS_FAIL').request('p4', 9_002);
    expect(story.verdict()).toMatchObject({
      violations: [{ kind: 'too_many_repeats', detail: 'main:0 after the kill of member-1: 3, at most 2' }],
      repeats: { explained: 3, most: 3 },
    });
    expect(story.fault('kill', 53).kinds()).toEqual([]);
    story.faults.pop();
    story.ordering = 'key';
    expect(story.kinds()).toEqual([]);
  });

  test('a retry lane has its own two, whatever the order', () => {
    const story = good().fault('kill', 1_040).request('p1', 9_000).request('p4', 9_001).request('p0', 9_002);
    expect(story.verdict()).toMatchObject({ violations: [], repeats: { explained: 3, most: 2 } });
  });

  test('a verdict that came when the service had given up, or on a connection that was cut, was never seen', () => {
    const late = (reason: string, parkedAt: number): Story =>
      good()
        .event(5, 60)
        .request('p5', 1_400, 'S SUCCESS', { signedAt: 70, answeredAt: 1_410 })
        .copy(5, parkedAt, { reason })
        .request('p5', parkedAt + 1_010);
    expect(late('timeout', 2_071).verdict()).toMatchObject({ violations: [], repeats: { unseenVerdicts: 1 } });
    const readLate = good().event(5, 60).request('p5', 2_500, 'S SUCCESS', { signedAt: 70 });
    readLate.copy(5, 2_080, { reason: 'timeout' }).request('p5', 3_085);
    expect(readLate.verdict()).toMatchObject({ violations: [], repeats: { unseenVerdicts: 1 } });
    expect(late('timeout', 1_900).kinds()).toEqual(['repeat']);
    expect(late('connection_reset', 2_071).kinds()).toEqual(['repeat']);
    const cut = good().fault('gateway_down', 56, 3_000).copy(4, 57).request('p4', 3_100);
    expect(cut.verdict()).toMatchObject({ violations: [], repeats: { unseenVerdicts: 1, explained: 0 } });
  });
});

describe('stalls', () => {
  const quietFor = (ms: number): Story =>
    good()
      .event(5, 100)
      .request('p5', 1_035 + ms);

  test('the longest time in which a partition sent nothing though it could', () => {
    expect(quietFor(20_000).verdict()).toMatchObject({ violations: [], stall: { ms: 20_000 } });
    expect(quietFor(40_000).kinds()).toEqual(['stall']);
  });

  test('begins only when there is something to send', () => {
    const story = good().event(5, 30_000).request('p5', 31_000);
    expect(story.verdict().stall.ms).toBe(1_000);
  });

  test.each([
    ['kill', SESSION_MS],
    ['freeze', SESSION_MS],
    ['gateway_down', 5_000],
    ['broker_kill', 5_000],
    ['systemic', 5_000],
    ['join', 0],
  ] as const)('the time of a %s is taken off', (kind, ms) => {
    expect(quietFor(20_000).fault(kind, 2_000, 7_000).verdict().stall.ms).toBe(20_000 - ms);
  });

  test('recovery is counted from the end of what made sending impossible', () => {
    const story = quietFor(20_000).fault('systemic', 2_000, 19_000).fault('gateway_down', 18_000, 20_000);
    expect(story.verdict().recovery).toEqual({ ms: 1_035, where: 'after systemic, gateway down' });
    const soonKilled = quietFor(20_000).fault('systemic', 2_000, 12_000).fault('kill', 12_500);
    expect(soonKilled.verdict().recovery).toEqual({ ms: 1_035, where: 'after systemic' });
  });
});
