import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ScriptedLane } from '../../../support/scripted-lane.ts';

const KEYS = 5;
type Step = { readonly kind: 'settle'; readonly which: number } | { readonly kind: 'commit' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('settle' as const), which: fc.nat({ max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('commit' as const) }) },
);
const keys = fc.array(fc.nat({ max: KEYS - 1 }), { minLength: 1, maxLength: 25 });

async function play(scripted: ScriptedLane, steps: readonly Step[], check: () => void): Promise<void> {
  for (const step of steps) {
    if (step.kind === 'commit') scripted.commit();
    else
      await scripted.settle(...scripted.inFlight.slice(step.which % Math.max(scripted.inFlight.length, 1)).slice(0, 1));
    check();
  }
}

test('however records come to rest and commits return, a key keeps its order and every record is brought to rest once', async () => {
  await fc.assert(
    fc.asyncProperty(
      keys,
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 1, max: 4 }),
      async (keys, steps, most) => {
        const scripted = new ScriptedLane({ concurrency: most });
        scripted.take(...keys.map(String));
        const keyOf = (offset: number): number | undefined => (most === 1 ? 0 : keys[offset]);
        await play(scripted, steps, () => {
          const { inFlight } = scripted;
          expect(inFlight.length).toBeLessThanOrEqual(most);
          expect(new Set(inFlight.map(keyOf)).size).toBe(inFlight.length);
        });
        scripted.commit();
        await scripted.runDry();
        expect(scripted.commit()).toEqual({ offset: keys.length, metadata: '' });
        expect([...scripted.started].sort((a, b) => a - b)).toEqual(keys.map((_, offset) => offset));
        for (let key = 0; key < KEYS; key += 1) {
          const own = scripted.started.filter((offset) => keyOf(offset) === key);
          expect(own).toEqual([...own].sort((a, b) => a - b));
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('a crash at any moment repeats at most twice as many records as may be in flight', async () => {
  await fc.assert(
    fc.asyncProperty(
      keys,
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 1, max: 4 }),
      async (keys, steps, most) => {
        const scripted = new ScriptedLane({ concurrency: most });
        scripted.take(...keys.map(String));
        let committed = scripted.commit();
        const settledAtCommit = new Set<number>();
        const repeated = (): number => scripted.started.filter((offset) => !settledAtCommit.has(offset)).length;
        for (const one of steps) {
          if (one.kind === 'commit') {
            for (const offset of scripted.started) if (!scripted.inFlight.includes(offset)) settledAtCommit.add(offset);
            committed = scripted.commit();
          } else await play(scripted, [one], () => undefined);
          expect(repeated()).toBeLessThanOrEqual(2 * most);
        }
        const restarted = new ScriptedLane({ concurrency: most, ...committed });
        restarted.take(...keys.slice(committed.offset).map(String));
        await restarted.runDry();
        expect(restarted.started.filter((offset) => settledAtCommit.has(offset))).toEqual([]);
      },
    ),
    { numRuns: 60 },
  );
});
