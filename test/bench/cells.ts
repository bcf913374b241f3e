/** Who is measured: the service, and beside it what is judged against. */
export const PROGRAMS = {
  bare: 'bare got loop',
  kafkajs: 'shortest kafkajs program',
  partition: 'service, ORDERING=partition',
  key: 'service, ORDERING=key',
} as const;

export type Program = keyof typeof PROGRAMS;

/** What is looked at in the life of a process, in this order. */
export const PHASES = ['idle', 'rate', 'backlog'] as const;

export type Phase = (typeof PHASES)[number];

/** One thing to measure. */
export interface Cell {
  readonly program: Program;
  /** Major version of Node. */
  readonly node: number;
  /** How long the gateway takes for an answer. */
  readonly gatewayMs: number;
  readonly partitions: number;
  /** Retry topics. */
  readonly tiers: number;
  /** Events that wait when the work at full rate begins. */
  readonly backlog: number;
  /** Processes in the group. */
  readonly members: number;
  /** Requests that may be out at once, of all its processes. */
  readonly lanes: number;
  readonly phases: readonly Phase[];
}

/** What a cell is measured in; `lanes` follows from the others. */
export type Shape = Omit<Cell, 'program' | 'lanes'>;

/** The service's own limits, by default. */
const [KEY_CONCURRENCY, MAX_IN_FLIGHT] = [16, 64];

/** What everything is varied from: as many retry topics as by default. */
export function baseShape(node: number): Shape {
  return { node, gatewayMs: 0, partitions: 16, tiers: 5, backlog: 10_000, members: 1, phases: PHASES };
}

/**
 * The same shape for several programs. The bare loop and the kafkajs program have as many requests out as the service with
 * one for each partition; the bare loop as many as with one for each key where the service is measured only by key.
 */
export function compare(programs: readonly Program[], shape: Shape): readonly Cell[] {
  const isByKey = programs.includes('key') && !programs.includes('partition');
  return programs.flatMap((program): readonly Cell[] => {
    const cell = { ...shape, program, lanes: requestsOut(program === 'key', shape) };
    switch (program) {
      case 'bare':
        if (shape.members > 1 || !shape.phases.includes('backlog')) return [];
        // What is said of topics does not concern it, and it never waits for an event.
        return [{ ...cell, lanes: requestsOut(isByKey, shape), tiers: 0, backlog: 0, phases: ['backlog'] }];
      case 'kafkajs':
        return shape.members > 1 ? [] : [{ ...cell, tiers: 0 }];
      case 'partition':
      case 'key':
        return [cell];
    }
  });
}

function requestsOut(isByKey: boolean, { partitions, members }: Shape): number {
  return Math.min(members * MAX_IN_FLIGHT, isByKey ? partitions * KEY_CONCURRENCY : partitions);
}

/** Requests a second that the gateway's time alone leaves possible; without bound where it takes none. */
export function ceiling({ gatewayMs, lanes }: Pick<Cell, 'gatewayMs' | 'lanes'>): number {
  return gatewayMs === 0 ? Number.POSITIVE_INFINITY : (lanes * 1_000) / gatewayMs;
}

/** The cell without arrivals at a rate that the gateway's time does not allow. */
export function possible(cell: Cell, rate: number): Cell {
  return ceiling(cell) > rate ? cell : { ...cell, phases: cell.phases.filter((phase) => phase !== 'rate') };
}

/** Which bare loop a cell is judged against: on the same Node, with the same time of the gateway and as many requests out. */
export function bareOf(cell: Cell, cells: readonly Cell[]): Cell | undefined {
  const bare = cells.filter(
    (one) => one.program === 'bare' && one.node === cell.node && one.gatewayMs === cell.gatewayMs,
  );
  if (cell.program === 'bare') return undefined;
  // Without a time of the gateway it is the processor that bounds both, however many requests are out.
  return bare.find(({ lanes }) => lanes === cell.lanes) ?? (cell.gatewayMs === 0 ? bare[0] : undefined);
}

/** Each of them once, with all phases that were asked of it anywhere. */
export function distinct(cells: readonly Cell[]): readonly Cell[] {
  const phases = new Map<string, ReadonlySet<Phase>>();
  const firsts = new Map<string, Cell>();
  for (const cell of cells) {
    const key = keyOf(cell);
    firsts.set(key, firsts.get(key) ?? cell);
    phases.set(key, new Set([...(phases.get(key) ?? []), ...cell.phases]));
  }
  return [...firsts].map(([key, cell]) => ({ ...cell, phases: PHASES.filter((phase) => phases.get(key)?.has(phase)) }));
}

function keyOf({ program, node, gatewayMs, partitions, tiers, backlog, members, lanes }: Cell): string {
  return [program, node, gatewayMs, partitions, tiers, backlog, members, lanes].join(' ');
}
