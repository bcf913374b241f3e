import { describe, expect, test } from 'vitest';
import { servable, sharePartitions } from '../../../src/core/assignment.ts';

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
