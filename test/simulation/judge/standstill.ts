import type { Committed } from './places.ts';
import type { Violation } from './violations.ts';

/**
 * The longest that a partition may stand still, in milliseconds, when nothing disturbs it: a session that has to run out,
 * a barrier, a hold's longest pause between two probes, and the longest retry delay.
 */
const BOUND_MS = 75_000;

/** How far a partition can be read: `main` or a tier, and its number. */
export interface Lane {
  readonly tier: string;
  readonly partition: number;
  readonly end: number;
}

/** Watches for partitions that do not move. */
export class Standstill {
  readonly #movedAt = new Map<string, number>();

  moved(tier: string, partition: number, now: number): void {
    this.#movedAt.set(`${tier}:${partition}`, now);
  }

  /** @param quietSince since when nothing has been done to the world */
  judge(lanes: readonly Lane[], committed: Committed, now: number, quietSince: number): Violation[] {
    return lanes.flatMap(({ tier, partition, end }): Violation[] => {
      const name = `${tier}:${partition}`;
      const at = committed(tier, partition);
      if (at >= end) this.#movedAt.set(name, now);
      const movedAt = this.#movedAt.get(name) ?? now;
      this.#movedAt.set(name, movedAt);
      const since = Math.max(movedAt, quietSince);
      if (now - since <= BOUND_MS) return [];
      const detail = `${name} stands at ${at} of ${end} for ${((now - since) / 1_000).toFixed(1)} s`;
      return [{ kind: 'stall', detail, names: [`${name}:${at}`] }];
    });
  }
}
