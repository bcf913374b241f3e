import { expect } from 'vitest';
import { keepLedger, type Ledger } from './ledger.ts';
import type { World } from './world.ts';

/** Waits until all is settled and asserts that nothing is lost, doubled, left over, untold or out of order. */
export async function expectAccounted(
  world: World,
  withinMs = 90_000,
  ordering: 'partition' | 'key' = 'partition',
): Promise<Ledger> {
  await world.settled(withinMs);
  const ledger = await keepLedger(world, ordering);
  const nothing = { lost: [], doubled: [], uncommitted: [], parked: [], mistold: [], misjudged: [], disorder: [] };
  expect(ledger).toMatchObject(nothing);
  return ledger;
}
