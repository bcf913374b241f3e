import { baseShape, compare, distinct, type Cell, type Program, type Shape } from './cells.ts';

/** Values of each dimension; of one that is not given, the base has its value. */
export interface Dimensions {
  readonly programs?: readonly Program[];
  readonly node?: readonly number[];
  readonly gatewayMs?: readonly number[];
  readonly partitions?: readonly number[];
  readonly tiers?: readonly number[];
  readonly backlog?: readonly number[];
  readonly members?: readonly number[];
  readonly phases?: Shape['phases'];
}

const ALL: readonly Program[] = ['bare', 'kafkajs', 'partition', 'key'];
const FULL_RATE: Shape['phases'] = ['backlog'];

/** Every combination of the values that are given. */
export function product(dimensions: Dimensions, node: number): readonly Cell[] {
  const base = baseShape(node);
  const { programs = ALL, phases = base.phases } = dimensions;
  let shapes: readonly Shape[] = [{ ...base, phases }];
  for (const name of ['node', 'gatewayMs', 'partitions', 'tiers', 'backlog', 'members'] as const) {
    const values = dimensions[name] ?? [base[name]];
    shapes = shapes.flatMap((shape) => values.map((value) => ({ ...shape, [name]: value })));
  }
  return distinct(shapes.flatMap((shape) => compare(programs, shape)));
}

/** What has to be known before a release, in about eight minutes. @param older another Node, where there is one */
export function usualCells(node: number, older: number | undefined): readonly Cell[] {
  const base = baseShape(node);
  return distinct([
    ...compare(ALL, base),
    ...compare(['partition'], { ...base, partitions: 200, tiers: 6 }),
    ...compare(['partition'], { ...base, tiers: 1, phases: FULL_RATE }),
    ...compare(['partition'], { ...base, gatewayMs: 50, phases: FULL_RATE }),
    ...compare(['bare', 'key'], { ...base, gatewayMs: 50, partitions: 1, phases: FULL_RATE }),
    ...[2, 4].flatMap((members) => compare(['partition'], { ...base, members, phases: FULL_RATE })),
    ...(older === undefined ? [] : compare(['bare', 'partition'], { ...base, node: older, phases: FULL_RATE })),
  ]);
}

/** Everything, each dimension by itself, in about an hour. */
export function fullCells(node: number, older: number | undefined): readonly Cell[] {
  const base = baseShape(node);
  const nodes = older === undefined ? [node] : [node, older];
  return distinct([
    ...usualCells(node, older),
    ...nodes.flatMap((one) => compare(ALL, { ...base, node: one })),
    ...[1, 6].flatMap((tiers) => compare(['partition', 'key'], { ...base, tiers })),
    ...[1, 64, 200].flatMap((partitions) => compare(ALL, { ...base, partitions })),
    ...[1, 6].flatMap((tiers) => compare(['partition', 'key'], { ...base, partitions: 200, tiers })),
    ...[50, 200].flatMap((gatewayMs) =>
      [1, 16, 64, 200].flatMap((partitions) => {
        const shape = { ...base, gatewayMs, partitions };
        return [...compare(ALL, shape), ...compare(['bare', 'key'], { ...shape, phases: FULL_RATE })];
      }),
    ),
    ...[1_000, 100_000, 1_000_000].flatMap((backlog) =>
      compare(['kafkajs', 'partition', 'key'], { ...base, backlog, phases: FULL_RATE }),
    ),
    ...[2, 4].flatMap((members) => compare(['partition', 'key'], { ...base, members })),
  ]);
}

/** As little as shows that every kind of program can be measured, and every phase. */
export function shortCells(node: number): readonly Cell[] {
  const shape = { ...baseShape(node), partitions: 4, tiers: 1, backlog: 1_000 };
  return [...compare(['partition'], shape), ...compare(['bare', 'kafkajs'], { ...shape, phases: FULL_RATE })];
}
