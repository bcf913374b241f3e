import * as fc from 'fast-check';
import type { Parts } from './parts.ts';

/**
 * Leaves out of a world whatever can be left out: what is left fails no more without any one part.
 *
 * @param fails whether the world fails in the same way with these parts alone; asked for one world after the other
 * @returns all parts where it does not even fail with them
 */
export async function shrunk(
  { faults, members, events }: Parts,
  fails: (parts: Parts) => Promise<boolean>,
): Promise<Parts> {
  const all = { faults: [...faults], members: [...members], events: [...events] };
  const some = fc.record({
    faults: fc.subarray(all.faults),
    members: fc.subarray(all.members),
    events: fc.subarray(all.events),
  });
  // Without members nothing goes on in any world.
  const holds = fc.asyncProperty(some, async (parts) => parts.members.length === 0 || !(await fails(parts)));
  const { counterexample } = await fc.check(holds, { examples: [[all]], numRuns: 1 });
  return counterexample?.[0] ?? all;
}
