import fc from 'fast-check';
import { expect, test } from 'vitest';
import { servable, sharePartitions } from '../../../src/core/assignment.ts';

const partitions = fc.integer({ min: 0, max: 40 }).map(upTo);
const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 });

/** Members that claim anything at all: partitions there are not, each other's, the same one twice. */
const anyMembers = ids.chain((ids) =>
  fc.tuple(
    ...ids.map((id) =>
      fc.record({
        id: fc.constant(id),
        owned: fc.array(fc.integer({ min: -1, max: 45 }), { maxLength: 30 }),
        generation: fc.integer({ min: -1, max: 4 }),
      }),
    ),
  ),
);

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number);
}

function afterwards(shares: ReadonlyMap<string, readonly number[]>, generation = 5) {
  return [...shares].map(([id, owned]) => ({ id, owned, generation }));
}

function ownersOf(shares: ReadonlyMap<string, readonly number[]>): Map<number, string> {
  return new Map([...shares].flatMap(([id, share]) => share.map((number) => [number, id] as const)));
}

function moved(before: ReadonlyMap<string, readonly number[]>, after: ReadonlyMap<string, readonly number[]>): number {
  const [old, now] = [ownersOf(before), ownersOf(after)];
  return [...old].filter(([number, owner]) => now.get(number) !== owner).length;
}

test('every number is given out exactly once, to members of the group, whatever they claim', () => {
  fc.assert(
    fc.property(partitions, anyMembers, (numbers, members) => {
      const shares = sharePartitions(numbers, members);
      expect([...shares.keys()].sort()).toEqual(members.map(({ id }) => id).sort());
      expect([...shares.values()].flat().sort((a, b) => a - b)).toEqual(numbers);
    }),
  );
});

test('loads differ by one at most, whatever members claim', () => {
  fc.assert(
    fc.property(partitions, anyMembers, (numbers, members) => {
      const loads = [...sharePartitions(numbers, members).values()].map((share) => share.length);
      expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
    }),
  );
});

test('every member computes the same: the order in which members are listed means nothing', () => {
  fc.assert(
    fc.property(partitions, anyMembers, fc.nat(), (numbers, members, turn) => {
      const at = turn % members.length;
      const turned = [...members.slice(at), ...members.slice(0, at)];
      const [one, other] = [sharePartitions(numbers, members), sharePartitions(numbers, turned)];
      expect(ownersOf(other)).toEqual(ownersOf(one));
    }),
  );
});

test('where nobody came and nobody went, nothing moves', () => {
  fc.assert(
    fc.property(partitions, anyMembers, (numbers, members) => {
      const before = sharePartitions(numbers, members);
      expect(moved(before, sharePartitions(numbers, afterwards(before)))).toBe(0);
    }),
  );
});

test('a member that joins moves only what becomes its own, at most its share', () => {
  fc.assert(
    fc.property(partitions, anyMembers, (numbers, members) => {
      const before = sharePartitions(numbers, members);
      const joining = { id: 'a new one', owned: [], generation: -1 };
      const after = sharePartitions(numbers, [...afterwards(before), joining]);
      const count = moved(before, after);
      expect(count).toBe(after.get(joining.id)?.length);
      expect(count).toBeLessThanOrEqual(Math.ceil(numbers.length / (members.length + 1)));
    }),
  );
});

test('a member that leaves moves only what was its own', () => {
  fc.assert(
    fc.property(partitions, anyMembers, (numbers, members) => {
      fc.pre(members.length > 1);
      const before = sharePartitions(numbers, members);
      const [left, ...staying] = afterwards(before);
      const after = sharePartitions(numbers, staying);
      expect(moved(before, after)).toBe(left?.owned.length);
    }),
  );
});

test('where two claim a number, the later generation has it, up to its fair share', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 40 }), fc.boolean(), (count, turned) => {
      const numbers = upTo(count);
      const owned = numbers.slice(0, Math.floor(count / 2));
      const earlier = { id: turned ? 'a' : 'b', owned, generation: 3 };
      const later = { id: turned ? 'b' : 'a', owned, generation: 4 };
      expect(sharePartitions(numbers, [earlier, later]).get(later.id)).toEqual(expect.arrayContaining(owned));
    }),
  );
});

test('a source partition is served exactly where every counterpart that exists has its number', () => {
  const counts = fc.record({
    source: fc.nat({ max: 12 }),
    tier: fc.nat({ max: 12 }),
    letters: fc.nat({ max: 12 }),
    old: fc.nat({ max: 12 }),
  });
  fc.assert(
    fc.property(counts, ({ source, tier, letters, old }) => {
      const known = new Map(Object.entries({ source, tier, letters, old }));
      const { partitions, unserved } = servable(known, 'source', ['source', 'tier', 'old'], ['tier', 'letters']);
      const served = partitions.get('source') ?? [];
      expect([...served, ...unserved]).toEqual(upTo(source));
      const hasAll = (number: number): boolean => [tier, letters].every((count) => count === 0 || number < count);
      for (const number of served) expect(hasAll(number)).toBe(true);
      for (const number of unserved) expect(hasAll(number)).toBe(false);
      expect(partitions.get('tier')).toEqual(upTo(tier));
      expect(partitions.get('old')).toEqual(upTo(old));
      expect(partitions.has('letters')).toBe(false);
    }),
  );
});
