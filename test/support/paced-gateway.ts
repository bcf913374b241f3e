import { Pace } from '../../src/core/pace.ts';
import type { Answer } from '../../src/simulator/faults.ts';
import { beginPlayback } from '../../src/simulator/playback.ts';

/** A cap that holds from a moment on; none where `perSecond` is absent. */
export interface CapChange {
  readonly atMs: number;
  readonly perSecond?: number;
}

/** One request in virtual time, as the gateway saw it. */
export interface PacedRequest {
  readonly atMs: number;
  readonly refused: boolean;
}

/** Numbers from 0 to 1 that are the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function isOverTheCap(answer: Answer): boolean {
  return answer.fault === undefined && answer.code === 'REQUEST_TRAFFIC_EXCEED_LIMIT';
}

interface World {
  /** Of all requests, whatever the rate, so much is refused as if for the traffic. */
  readonly noise?: number;
  readonly changes: readonly CapChange[];
  readonly untilMs: number;
  readonly latencyMs: number;
  readonly seed: number;
  readonly maxRate?: number;
  readonly maxInFlight?: number;
}

/** Sends an endless backlog at a pace to a gateway with the simulator's own caps, timers late and latencies uneven. */
export function playPaced(world: World): PacedRequest[] {
  const { changes, untilMs, latencyMs, seed, maxRate = 0, maxInFlight = 32, noise = 0 } = world;
  const chance = seeded(seed);
  const pace = new Pace(maxRate);
  const seen: PacedRequest[] = [];
  const coming: { readonly atMs: number; readonly happen: () => void }[] = [];
  let now = 0;
  let left = 0;
  let inFlight = 0;
  let gateway = beginPlayback({}, () => now);
  const at = (atMs: number, happen: () => void): void => {
    const place = coming.findLastIndex((event) => event.atMs <= atMs) + 1;
    coming.splice(place, 0, { atMs, happen });
  };
  const uneven = (): number => (latencyMs / 2) * (0.5 + chance());
  let waking = false;
  const send = (): void => {
    while (inFlight < maxInFlight) {
      const waitMs = pace.waitMs(now);
      if (waitMs > 0) {
        if (!waking)
          at(now + Math.ceil(waitMs) + 3 * chance(), () => {
            waking = false;
            send();
          });
        waking = true;
        return;
      }
      const number = (left += 1);
      inFlight += 1;
      pace.sent(now);
      at(now + uneven(), () => {
        const refused = isOverTheCap(gateway.choose('', 1)) || (noise > 0 && chance() < noise);
        seen.push({ atMs: now, refused });
        at(now + uneven(), () => {
          inFlight -= 1;
          if (refused) pace.refused(number, left, now);
          else pace.accepted(number, now);
          send();
        });
      });
    }
  };
  for (const { atMs, perSecond } of changes) {
    at(atMs, () => (gateway = beginPlayback(perSecond === undefined ? {} : { rateCap: perSecond }, () => now)));
  }
  send();
  for (let next = coming.shift(); next !== undefined && next.atMs <= untilMs; next = coming.shift()) {
    now = next.atMs;
    next.happen();
  }
  return seen;
}

/** What came and what was refused in each window of ten seconds, one beginning every half second. */
export function windows(
  requests: readonly PacedRequest[],
  fromMs: number,
  toMs: number,
): {
  readonly fromMs: number;
  readonly attempted: number;
  readonly refusedShare: number;
  readonly acceptedPerSecond: number;
}[] {
  const result = [];
  for (let start = fromMs; start + 10_000 <= toMs; start += 500) {
    const within = requests.filter(({ atMs }) => atMs >= start && atMs < start + 10_000);
    const refused = within.filter(({ refused }) => refused).length;
    result.push({
      fromMs: start,
      attempted: within.length,
      refusedShare: refused / Math.max(1, within.length),
      acceptedPerSecond: (within.length - refused) / 10,
    });
  }
  return result;
}
