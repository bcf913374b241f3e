import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ParkedKeysModel, TIERS, type Scripted, type Step } from './parked-keys-model.ts';

const events: fc.Arbitrary<Scripted[]> = fc.array(
  fc.record({ key: fc.constantFrom('A', 'B', 'C'), unknowns: fc.nat({ max: 4 }) }),
  { minLength: 1, maxLength: 12 },
);

const work = fc.nat({ max: TIERS.length }).map((lane): Step => ({ kind: 'work', lane }));
const steps = (faults: readonly ('crash' | 'evicted' | 'late' | 'rejoin')[]): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      { weight: 12, arbitrary: work },
      { weight: 4, arbitrary: fc.constant<Step>({ kind: 'commit' }) },
      ...faults.map((kind) => ({ weight: 1, arbitrary: fc.constant<Step>({ kind }) })),
    ),
    { maxLength: 150, size: 'max' },
  );

/** Lets everybody go on, without any fault, until nothing is left to do. */
function finish(model: ParkedKeysModel): void {
  for (let round = 0; !model.atRest; round += 1) {
    if (round > 2_000) throw new Error('it never comes to rest');
    for (let lane = 0; lane <= TIERS.length; lane += 1) model.take({ kind: 'work', lane });
    model.take({ kind: 'commit' });
  }
}

test.each([
  { name: 'without faults', faults: [] },
  { name: 'members joining', faults: ['rejoin'] as const },
  { name: 'crashes, evictions and joins', faults: ['crash', 'evicted', 'rejoin'] as const },
  {
    name: 'what lost members wrote comes late',
    faults: ['crash', 'evicted', 'late', 'late', 'rejoin'] as const,
    delays: TIERS,
  },
])('a key is never sent out of order, and everything comes to rest: $name', ({ faults }) => {
  fc.assert(
    fc.property(events, steps(faults), (scripted, schedule) => {
      const model = new ParkedKeysModel(scripted);
      for (const step of schedule) model.take(step);
      finish(model);
      expect(model.violations).toEqual([]);
      expect(model.known.size).toBe(scripted.length);
      expect(model.parked).toMatchObject({ size: 0, keys: 0 });
    }),
    { numRuns: 2_000 },
  );
});

test('without crashes nothing is sent once more than the gateway asks for', () => {
  fc.assert(
    fc.property(events, steps(['rejoin']), (scripted, schedule) => {
      const model = new ParkedKeysModel(scripted);
      for (const step of schedule) model.take(step);
      finish(model);
      expect(model.sent.length).toBe(scripted.reduce((sum, { unknowns }) => sum + unknowns + 1, 0));
    }),
    { numRuns: 1_000 },
  );
});

test('whatever was lost before, a member that has heard the verdict of an event does not send it again', () => {
  fc.assert(
    fc.property(events, steps(['crash', 'crash', 'rejoin']), (scripted, schedule) => {
      const model = new ParkedKeysModel(scripted);
      for (const step of schedule) model.take(step);
      finish(model);
      expect(model.repeats).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
});
