import type { Mood } from '../gateway.ts';
import type { Fault, Makers } from './fault.ts';

/** What happens to the gateway and the registry. */
export const OUTSIDE_FAULTS: Makers<'gateway_away' | 'refuses_everybody' | 'crowded' | 'registry_away'> = {
  gateway_away: (fault) => changesMood(fault, 'away', fault.random.between(500, 8_000)),
  refuses_everybody: (fault) => changesMood(fault, 'refuses_everybody', fault.random.between(500, 5_000)),
  crowded: (fault) => changesMood(fault, 'crowded', fault.random.between(1_000, 8_000)),
  registry_away: (fault) => {
    const { registry } = fault.world;
    registry.isAway = true;
    fault.lasts(fault.random.between(1_000, 8_000), 'registry', () => (registry.isAway = false));
  },
};

function changesMood(fault: Fault, mood: Mood, ms: number): void {
  const { gateway } = fault.world;
  if (gateway.mood !== 'well') return;
  gateway.mood = mood;
  fault.lasts(ms, 'gateway', () => (gateway.mood = 'well'));
}
