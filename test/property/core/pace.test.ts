import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Pace } from '../../../src/core/pace.ts';
import { playPaced, windows } from '../../support/paced-gateway.ts';

const seed = fc.nat({ max: 2 ** 31 });
/** With 32 requests in flight this much latency still lets 500 of them leave each second. */
const latencyMs = fc.integer({ min: 15, max: 60 });

const SETTLED_AFTER_MS = 10_000;

/** From ten seconds after the change on, a window of ten seconds each. */
function expectKept(requests: Parameters<typeof windows>[0], cap: number, changedAtMs: number, untilMs: number): void {
  const seen = windows(requests, changedAtMs + SETTLED_AFTER_MS, untilMs);
  expect(seen.length).toBeGreaterThan(0);
  for (const window of seen) {
    expect(window.refusedShare, `refused of all, ${JSON.stringify(window)}`).toBeLessThanOrEqual(0.05);
    expect(window.acceptedPerSecond, `accepted, ${JSON.stringify(window)}`).toBeGreaterThan(0.85 * cap);
  }
}

test('whatever cap appears is found within ten seconds and kept: at most 5 % refused, over 85 % of it used', () => {
  fc.assert(
    fc.property(fc.integer({ min: 5, max: 500 }), latencyMs, seed, (cap, latencyMs, seed) => {
      const requests = playPaced({ changes: [{ atMs: 3_000, perSecond: cap }], untilMs: 45_000, latencyMs, seed });
      expectKept(requests, cap, 3_000, 45_000);
    }),
    { numRuns: 20 },
  );
});

test('a cap that falls from 200 to 50 is found as fast, and one that goes is regained within half a minute', () => {
  fc.assert(
    fc.property(latencyMs, seed, (latencyMs, seed) => {
      const changes = [{ atMs: 2_000, perSecond: 200 }, { atMs: 25_000, perSecond: 50 }, { atMs: 50_000 }];
      const requests = playPaced({ changes, untilMs: 82_000, latencyMs, seed });
      expectKept(requests, 200, 2_000, 25_000);
      expectKept(requests, 50, 25_000, 50_000);
      const [last] = windows(requests, 72_000, 82_000);
      expect(last?.acceptedPerSecond).toBeGreaterThan(200);
      expect(requests.some(({ atMs, refused }) => refused && atMs > 50_000)).toBe(false);
    }),
    { numRuns: 6 },
  );
});

test('a cap of 2 a second still lets nearly 2 through', () => {
  fc.assert(
    fc.property(latencyMs, seed, (latencyMs, seed) => {
      const requests = playPaced({ changes: [{ atMs: 0, perSecond: 2 }], untilMs: 60_000, latencyMs, seed });
      for (const window of windows(requests, 20_000, 60_000)) {
        expect(window.acceptedPerSecond).toBeGreaterThanOrEqual(0.8 * 2);
        expect(window.refusedShare).toBeLessThanOrEqual(0.15);
      }
    }),
    { numRuns: 6 },
  );
});

test.each([1, 4, 32])(
  'a gateway that refuses 2 % whatever the rate is sent what it takes, with %i in flight',
  (maxInFlight) => {
    const shares: number[] = [];
    fc.assert(
      fc.property(latencyMs, seed, (latencyMs, seed) => {
        const world = { changes: [], untilMs: 60_000, latencyMs, seed, maxInFlight };
        const sent = (noise: number): number =>
          playPaced({ ...world, noise }).filter(({ atMs }) => atMs > 20_000).length;
        shares.push(sent(0.02) / sent(0));
      }),
      { numRuns: 20 },
    );
    // Of the few requests that one in flight can make, five refused in five seconds are no rare bad luck.
    expect(shares.reduce((sum, share) => sum + share, 0) / shares.length).toBeGreaterThan(0.95);
    expect(Math.min(...shares)).toBeGreaterThan(0.75);
  },
);

test('a burst of which early requests are refused, and all others taken, is not slowed down below what it carried', () => {
  const burst = fc.record({ inFlight: fc.integer({ min: 24, max: 64 }), refused: fc.integer({ min: 1, max: 4 }) });
  fc.assert(
    fc.property(burst, latencyMs, ({ inFlight, refused }, latencyMs) => {
      const pace = new Pace(0);
      for (let number = 1; number <= inFlight; number += 1) pace.sent(1_000);
      const backAt = 1_000 + latencyMs;
      for (let number = 1; number <= inFlight; number += 1) {
        if (number > 2 && number <= 2 + refused) pace.refused(number, inFlight, backAt);
        else pace.accepted(number, backAt);
      }
      expect(pace.limit(backAt)).toBeGreaterThanOrEqual(0.89 * (((inFlight - refused) * 1_000) / latencyMs));
    }),
  );
});

test('GATEWAY_MAX_RATE is never passed over a second, and used to nine tenths', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), latencyMs, seed, (maxRate, latencyMs, seed) => {
      const requests = playPaced({ changes: [], untilMs: 20_000, latencyMs, seed, maxRate });
      // What latency moves across the second's edges, and the credit for late timers.
      const slack = 2 + (maxRate * (latencyMs + 20)) / 1_000;
      for (let from = 0; from < 19_000; from += 500) {
        const within = requests.filter(({ atMs }) => atMs >= from && atMs < from + 1_000).length;
        expect(within).toBeLessThanOrEqual(maxRate + slack);
      }
      expect(requests.length).toBeGreaterThan(0.9 * 20 * maxRate - 2);
    }),
    { numRuns: 20 },
  );
});
