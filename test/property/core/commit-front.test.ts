import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CommitFront } from '../../../src/core/commit-front.ts';

/** What happens to a front: the next record is taken, some of those in flight is settled, offsets are passed. */
type Step = { kind: 'take'; gap: number } | { kind: 'settle'; which: number } | { kind: 'skip'; by: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('take' as const),
      gap: fc.constantFrom(0, 0, 0, 0, 1, 3, 999_990, 2 ** 40),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('settle' as const), which: fc.nat({ max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('skip' as const), by: fc.nat({ max: 4 }) }) },
);
const steps = fc.array(step, { maxLength: 60 });
const start = fc.nat({ max: 2 ** 40 });

/** A front that remembers everything and reckons anew each time. */
class NaiveFront {
  readonly settled = new Set<number>();
  readonly taken: number[] = [];
  next: number;

  constructor(start: number) {
    this.next = start;
  }

  /** What stands between was deleted by the broker, whatever is known of it. */
  pass(next: number): void {
    for (const offset of this.settled) if (offset >= this.next && offset < next) this.settled.delete(offset);
    this.next = Math.max(this.next, next);
  }

  get front(): number {
    return this.taken.find((offset) => !this.settled.has(offset)) ?? this.next;
  }

  get inFlight(): number[] {
    return this.taken.filter((offset) => !this.settled.has(offset));
  }

  get past(): number[] {
    return [...this.settled].filter((offset) => offset >= this.front).sort((a, b) => a - b);
  }
}

function play(front: CommitFront, model: NaiveFront, steps: readonly Step[]): void {
  for (const step of steps) {
    if (step.kind === 'take') {
      const offset = model.next + step.gap;
      model.pass(offset);
      expect(front.take(offset)).toBe(model.settled.has(offset) ? 'settled' : 'unsettled');
      model.taken.push(offset);
      model.next = offset + 1;
    } else if (step.kind === 'settle') {
      const { inFlight } = model;
      const offset = inFlight[step.which % Math.max(inFlight.length, 1)];
      if (offset === undefined) continue;
      front.settle(offset);
      model.settled.add(offset);
    } else {
      model.pass(model.next + step.by);
      front.skipTo(model.next);
    }
    expect({ front: front.front, next: front.next }).toEqual({ front: model.front, next: model.next });
  }
}

test('the front is the first offset that is not settled, whatever the order of settling', () => {
  fc.assert(
    fc.property(start, steps, (start, steps) => {
      const [front, model] = [new CommitFront(start), new NaiveFront(start)];
      play(front, model, steps);
      expect(front.past).toBe(model.past.length);
    }),
    { numRuns: 300 },
  );
});

test('what was settled past the front is not asked again after a restart, and nothing else is left out', () => {
  fc.assert(
    fc.property(start, steps, (start, steps) => {
      const [front, model] = [new CommitFront(start), new NaiveFront(start)];
      play(front, model, steps);
      const restarted = new CommitFront(front.front, front.metadata());
      expect(restarted.next).toBe(model.front);
      for (const offset of model.taken.filter((offset) => offset >= model.front)) {
        expect(restarted.take(offset)).toBe(model.settled.has(offset) ? 'settled' : 'unsettled');
      }
      expect(restarted.front).toBe(model.front);
      expect(restarted.metadata()).toBe(front.metadata());
    }),
    { numRuns: 300 },
  );
});

test('work goes on after a restart as if there had been none', () => {
  fc.assert(
    fc.property(start, steps, steps, (start, before, after) => {
      const [front, model] = [new CommitFront(start), new NaiveFront(start)];
      play(front, model, before);
      const restarted = new CommitFront(front.front, front.metadata());
      const resumed = new NaiveFront(model.front);
      for (const offset of model.past) resumed.settled.add(offset);
      play(restarted, resumed, after);
      expect(restarted.past).toBe(resumed.past.length);
    }),
    { numRuns: 300 },
  );
});

test('metadata that is not ours says nothing', () => {
  const ranges = /^\d{1,16}(-\d{1,16})?(,\d{1,16}(-\d{1,16})?)*$/;
  fc.assert(
    fc.property(start, fc.string(), (start, metadata) => {
      fc.pre(!ranges.test(metadata));
      const front = new CommitFront(start, metadata);
      expect(front.take(start)).toBe('unsettled');
      expect(front.take(start + 1)).toBe('unsettled');
      expect(front.past).toBe(0);
    }),
  );
});
