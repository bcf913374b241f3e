import { describe, expect, test } from 'vitest';
import { bareOf, baseShape, ceiling, compare, distinct, possible, type Cell } from '../../bench/cells.ts';
import { fullCells, product, shortCells, usualCells } from '../../bench/matrix.ts';

const BASE = baseShape(24);
const ALL = ['bare', 'kafkajs', 'partition', 'key'] as const;

function cell(changes: Partial<Cell>): Cell {
  return { ...BASE, program: 'partition', lanes: 16, ...changes };
}

describe('what is compared', () => {
  test('has as many requests out as the service in the same shape', () => {
    const lanes = (programs: readonly Cell['program'][], partitions: number): number[] =>
      compare(programs, { ...BASE, partitions }).map((one) => one.lanes);
    expect(lanes(ALL, 3)).toEqual([3, 3, 3, 48]);
    expect(lanes(['bare', 'key'], 1)).toEqual([16, 16]);
    expect(lanes(ALL, 200)).toEqual([64, 64, 64, 64]);
  });

  test('leaves out what does not concern a program', () => {
    expect(compare(ALL, { ...BASE, members: 2 }).map(({ program }) => program)).toEqual(['partition', 'key']);
    expect(compare(['bare'], { ...BASE, phases: ['idle'] })).toEqual([]);
    expect(compare(['bare'], BASE)).toEqual([expect.objectContaining({ tiers: 0, backlog: 0, phases: ['backlog'] })]);
  });

  test('is judged by the bare loop of its Node, with its time of the gateway and its requests out', () => {
    const bare = cell({ program: 'bare', lanes: 16 });
    const slow = cell({ program: 'bare', lanes: 16, gatewayMs: 50 });
    const old = cell({ program: 'bare', node: 20 });
    const all = [old, slow, bare];
    expect(bareOf(cell({}), all)).toBe(bare);
    expect(bareOf(cell({ lanes: 64 }), all)).toBe(bare);
    expect(bareOf(cell({ gatewayMs: 50 }), all)).toBe(slow);
    expect(bareOf(cell({ gatewayMs: 50, lanes: 64 }), all)).toBeUndefined();
    expect(bareOf(cell({ node: 20 }), all)).toBe(old);
    expect(bareOf(bare, all)).toBeUndefined();
  });

  test('gets no arrivals faster than the gateway answers', () => {
    expect(ceiling({ gatewayMs: 50, lanes: 16 })).toBe(320);
    expect(possible(cell({ gatewayMs: 200 }), 100).phases).toEqual(['idle', 'backlog']);
    expect(possible(cell({ gatewayMs: 50 }), 100).phases).toEqual(['idle', 'rate', 'backlog']);
    expect(possible(cell({}), 10_000).phases).toEqual(['idle', 'rate', 'backlog']);
  });

  test('stands once, with every phase that was asked of it', () => {
    const cells = [cell({ phases: ['backlog'] }), cell({ tiers: 1 }), cell({ phases: ['idle'] })];
    expect(distinct(cells)).toEqual([cell({ phases: ['idle', 'backlog'] }), cell({ tiers: 1 })]);
  });
});

describe('a matrix', () => {
  test('of chosen values has every combination of them, and the base of the others', () => {
    const cells = product({ programs: ['partition'], partitions: [1, 200], gatewayMs: [0, 50] }, 24);
    expect(cells.map(({ partitions, gatewayMs, tiers }) => [partitions, gatewayMs, tiers])).toEqual([
      [1, 0, 5],
      [200, 0, 5],
      [1, 50, 5],
      [200, 50, 5],
    ]);
  });

  test('of tiers measures once what reads none of them', () => {
    const programs = product({ programs: ['kafkajs', 'partition'], tiers: [1, 6] }, 24).map((one) => one.program);
    expect(programs).toEqual(['kafkajs', 'partition', 'partition']);
  });

  test('that is full has all of the usual one', () => {
    const full = fullCells(24, 20);
    const same = (one: Cell, other: Cell): boolean =>
      JSON.stringify({ ...one, phases: [] }) === JSON.stringify({ ...other, phases: [] });
    expect(usualCells(24, 20).filter((usual) => !full.some((one) => same(one, usual)))).toEqual([]);
  });

  test('needs no second Node', () => {
    expect(new Set(usualCells(24, undefined).map(({ node }) => node))).toEqual(new Set([24]));
    expect(new Set(usualCells(24, 20).map(({ node }) => node))).toEqual(new Set([24, 20]));
  });

  test('that is short has every kind of program and every phase', () => {
    const cells = shortCells(24);
    expect(new Set(cells.map(({ program }) => program))).toEqual(new Set(['partition', 'bare', 'kafkajs']));
    expect(new Set(cells.flatMap(({ phases }) => phases))).toEqual(new Set(['idle', 'rate', 'backlog']));
  });
});
