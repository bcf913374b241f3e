import { describe, expect, test } from 'vitest';
import { agree, ASSIGNER_NAME, incomplete, servable, sharePartitions } from '../../../src/core/assignment.ts';

test('every version calls the assigner the same: a broker lets in nobody who offers none that all members know', () => {
  expect(ASSIGNER_NAME).toBe('payment-notifier-copartitioned');
});

const member = (id: string, owned: number[] = [], generation = 1) => ({ id, owned, generation });
const shared = (numbers: number[], ...members: ReturnType<typeof member>[]) =>
  Object.fromEntries(sharePartitions(numbers, members));

describe('sharing', () => {
  test('the first member takes everything', () => {
    expect(shared([0, 1, 2], member('a'))).toEqual({ a: [0, 1, 2] });
  });

  test('members that own nothing share alike', () => {
    expect(shared([0, 1, 2, 3, 4], member('b'), member('a'))).toEqual({ a: [0, 2, 4], b: [1, 3] });
  });

  test('a second member takes half and the first keeps the rest', () => {
    expect(shared([0, 1, 2, 3], member('a', [0, 1, 2, 3]), member('b'))).toEqual({ a: [0, 1], b: [2, 3] });
  });

  test('the one partition too many stays where it is', () => {
    expect(shared([0, 1, 2], member('a', [0]), member('b', [1, 2]))).toEqual({ a: [0], b: [1, 2] });
    expect(shared([0, 1, 2], member('a', [0, 1]), member('b', [2]))).toEqual({ a: [0, 1], b: [2] });
  });

  test('of a partition two members claim the later generation has it', () => {
    expect(shared([0, 1], member('a', [0], 4), member('b', [0], 5))).toEqual({ a: [1], b: [0] });
    expect(shared([0, 1], member('a', [0], 5), member('b', [0], 4))).toEqual({ a: [0], b: [1] });
  });

  test('members beyond the number of partitions wait with nothing', () => {
    expect(shared([0], member('a'), member('b', [0]), member('c'))).toEqual({ a: [], b: [0], c: [] });
  });

  test('a partition that is new goes to the member with the least', () => {
    expect(shared([0, 1, 2, 3], member('a', [0, 1]), member('b', [2]))).toEqual({ a: [0, 1], b: [2, 3] });
  });

  test('neither the order of the partitions nor that of the claims means anything, and shares are ascending', () => {
    expect(shared([2, 0, 1], member('a'), member('b'))).toEqual({ a: [0, 2], b: [1] });
    expect(shared([0, 1, 2, 3], member('a', [3, 0, 2]), member('b'))).toEqual({ a: [0, 3], b: [1, 2] });
  });

  test('a group of nobody has nobody to serve a partition', () => {
    expect(() => sharePartitions([0], [])).toThrow('nobody to serve a partition');
    expect(sharePartitions([], [])).toEqual(new Map());
  });
});

describe('a source partition without counterparts', () => {
  const counts = new Map([
    ['payment-final', 4],
    ['payment-final.retry.5s', 3],
    ['payment-final.retry.1h', 6],
    ['payment-final.dead-letter', 4],
  ]);
  const read = ['payment-final', 'payment-final.retry.5s', 'payment-final.retry.1h'];

  test('is not read and is named; the others flow', () => {
    const { partitions, unserved } = servable(counts, 'payment-final', read, [
      'payment-final.retry.5s',
      'payment-final.dead-letter',
    ]);
    expect(unserved).toEqual([3]);
    expect(Object.fromEntries(partitions)).toEqual({
      'payment-final': [0, 1, 2],
      'payment-final.retry.5s': [0, 1, 2],
      'payment-final.retry.1h': [0, 1, 2, 3, 4, 5],
    });
  });

  test('a topic that is not there at all limits nothing: it is missed by those records alone that move there', () => {
    const { partitions, unserved } = servable(counts, 'payment-final', read, ['payment-final.retry.2m']);
    expect(partitions.get('payment-final')).toEqual([0, 1, 2, 3]);
    expect(unserved).toEqual([]);
  });
});

describe('what members agree on', () => {
  const asking = (id: string, source: string, owned: number[] = [], generation = -1) => ({
    ...member(id, owned, generation),
    reads: [source, `${source}.retry.5s`],
    needs: [`${source}.retry.5s`],
  });
  const silent = { ...member('s'), reads: [], needs: [] };

  test('is the source of whoever served last, whoever asks beside them', () => {
    const members = [asking('a', 'x'), asking('b', 'y', [1], 7), asking('c', 'x', [2], 6), silent];
    const agreement = agree(members);
    expect(agreement?.source).toBe('y');
    expect(agreement?.members.map(({ id }) => id)).toEqual(['b', 's']);
    expect(agreement?.refused.map(({ id }) => id)).toEqual(['a', 'c']);
  });

  test('among members that never served is the same whatever their order', () => {
    const members = [asking('b', 'y', [], 9), asking('a', 'x')];
    expect([agree(members)?.source, agree(members.reverse())?.source]).toEqual(['x', 'x']);
  });

  test('is the source of whoever served, if only in the first generation, before that of others', () => {
    expect(agree([asking('a', 'x'), asking('b', 'y', [1], 1)])?.source).toBe('y');
  });

  test('is what others name, where whoever served last does not say what it reads', () => {
    expect(agree([{ ...silent, owned: [1], generation: 9 }, asking('a', 'x')])?.source).toBe('x');
  });

  test('is all that any of them reads or needs, the source first', () => {
    const other = { ...asking('b', 'x'), reads: ['x', 'x.retry.1h'], needs: ['x.retry.1h', 'x.dead-letter'] };
    expect(agree([asking('a', 'x', [1], 2), other])).toMatchObject({
      read: ['x', 'x.retry.5s', 'x.retry.1h'],
      counterparts: ['x.retry.5s', 'x.retry.1h', 'x.dead-letter'],
      refused: [],
    });
  });

  test('is nothing where nobody says what it reads', () => {
    expect(agree([silent])).toBeUndefined();
  });
});

describe('an assignment is incomplete', () => {
  const counts = new Map([
    ['pf', 4],
    ['pf.retry.5s', 4],
    ['pf.retry.1h', 4],
    ['pf.dead-letter', 3],
  ]);
  const tiers = ['pf.retry.5s', 'pf.retry.1h', 'pf.retry.2m'];
  const able = servable(counts, 'pf', ['pf', ...tiers], [...tiers, 'pf.dead-letter']);
  const of = (assigned: Record<string, number[]>) => incomplete(new Map(Object.entries(assigned)), able, 'pf', tiers);

  test('where a configured retry topic that exists was not given with its number', () => {
    expect(of({ pf: [0, 1], 'pf.retry.5s': [0, 1], 'pf.retry.1h': [0, 1] })).toEqual([]);
    expect(of({ pf: [0, 1], 'pf.retry.5s': [0, 1] })).toEqual([0, 1]);
    expect(of({ pf: [0, 1], 'pf.retry.5s': [0, 1], 'pf.retry.1h': [1] })).toEqual([0]);
    expect(of({})).toEqual([]);
  });

  test('not for a configured retry topic of which nothing is known', () => {
    const assigned = new Map([['pf', [0]]]);
    const known = servable(counts, 'pf', ['pf'], []);
    expect(incomplete(assigned, known, 'pf', ['pf.retry.5s'])).toEqual([]);
  });

  test('where one of the topics that records move to has not got its number at all', () => {
    expect(of({ pf: [3], 'pf.retry.5s': [3], 'pf.retry.1h': [3] })).toEqual([3]);
  });
});
