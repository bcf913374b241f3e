import type { Status } from '../../src/ops/status.ts';

/** A member that is not in its group and knows nothing, but for what a test says. */
export function statusOf(parts: Partial<Status> = {}): Status {
  return {
    member: { id: null, generation: null, state: 'outside', since: '2026-11-28T00:00:00.000Z' },
    hold: null,
    pace: { limit: 0 },
    lanes: [],
    parked: [],
    keys: { active: '1', signing: '1', versions: ['1'] },
    trouble: [],
    ...parts,
  };
}
