import { figure, resultOf, type CellResult, type Results } from '../results.ts';
import type { FigureName } from '../figures.ts';
import { digits, NOTHING, withSpread } from './lines.ts';

/** What `docs/scale.md` plans. */
const WANTED_PER_SECOND = 10_000;
/** Of what is possible, so much is used. */
const USED = 0.7;
/** Requests that one member has out at once, by default. */
const MAX_IN_FLIGHT = 64;
const GATEWAY_MS = 50;

/** How many partitions, members, cores and requests the wanted rate takes, from what was measured. */
export function planTable({ cells }: Results): string {
  const base = resultOf(cells, { program: 'partition', partitions: 16, tiers: 5, gatewayMs: 0, members: 1 });
  const slow = resultOf(cells, { program: 'partition', partitions: 16, gatewayMs: GATEWAY_MS, members: 1 });
  const byKey = resultOf(cells, { program: 'key', partitions: 1, gatewayMs: GATEWAY_MS, members: 1 });
  const cpu = median(base, 'cpuMicros');
  const alone = median(base, 'perSecond');
  const aPartition = median(slow, 'perSecond') / 16;
  const members = Math.ceil(WANTED_PER_SECOND / (alone * USED));
  const rows: (readonly [string, string, string])[] = [
    [
      'CPU of all members',
      `${digits(cpu)} µs an event`,
      `${digits(cores(cpu))} cores, ${digits(cores(cpu) / USED)} with room`,
    ],
    ['members with a core each', `${digits(alone)} events/s each`, String(members)],
    [
      'memory of all members',
      `${digits(median(base, 'memoryMiB'))} MiB each`,
      `${digits((median(base, 'memoryMiB') * members) / 1_024)} GiB`,
    ],
    ['partitions, `ORDERING=partition`, gateway 0 ms', 'bounded by the members', `${members} or more`],
    ...partitionRows('partition', aPartition),
    ...partitionRows('key', median(byKey, 'perSecond')),
    [
      'CPU of the brokers',
      `${digits(median(base, 'brokerMicros'))} µs an event`,
      `${digits(cores(median(base, 'brokerMicros')))} cores for one copy of each record`,
    ],
  ];
  return table(['', 'measured', `for ${WANTED_PER_SECOND.toLocaleString('en')} events/s`], rows);
}

function partitionRows(ordering: 'partition' | 'key', perSecond: number): (readonly [string, string, string])[] {
  const atOnce = ordering === 'key' ? 16 : 1;
  // What a request takes beside the gateway's own time, for each that one partition has out.
  const besideMs = (atOnce * 1_000) / perSecond - GATEWAY_MS;
  return [GATEWAY_MS, 200].map((gatewayMs) => {
    const rate = gatewayMs === GATEWAY_MS ? perSecond : (atOnce * 1_000) / (gatewayMs + besideMs);
    return [
      `partitions, \`ORDERING=${ordering}\`, gateway ${gatewayMs} ms`,
      `${digits(rate)} events/s each${gatewayMs === GATEWAY_MS ? '' : ' (reckoned from 50 ms)'}`,
      whole(WANTED_PER_SECOND / (rate * USED)),
    ] as const;
  });
}

/** Requests out at once, for each time of the gateway, and the members that allows. */
export function inFlightTable(): string {
  const rows = [GATEWAY_MS, 200, 1_000].map((gatewayMs) => {
    const out = (WANTED_PER_SECOND * gatewayMs) / 1_000;
    return [`${gatewayMs} ms`, whole(out), whole(out / USED / MAX_IN_FLIGHT)];
  });
  return table(['gateway', 'requests out at once', `members at \`GATEWAY_MAX_IN_FLIGHT=${MAX_IN_FLIGHT}\``], rows);
}

/** What several members in one group came to. */
export function membersTable({ cells }: Results): string {
  const rows = cells
    .filter(
      ({ cell }) => cell.program === 'partition' && cell.partitions === 16 && cell.tiers === 5 && cell.gatewayMs === 0,
    )
    .filter(({ cell }) => cell.node === cells[0]?.cell.node)
    .map((result) => [
      String(result.cell.members),
      withSpread(figure(result, 'perSecond')),
      withSpread(figure(result, 'cpuMicros')),
      result.cell.members === 1 ? '1' : withSpread(figure(result, 'leastShare')),
    ]);
  return table(
    ['members', 'events/s together', 'CPU, µs an event', 'least share of a member (1 = its fair one)'],
    rows,
  );
}

function median(result: CellResult | undefined, name: FigureName): number {
  return (result && figure(result, name)?.median) ?? Number.NaN;
}

function cores(micros: number): number {
  return (WANTED_PER_SECOND * micros) / 1e6;
}

function whole(value: number): string {
  return Number.isFinite(value) ? Math.ceil(value).toLocaleString('en') : NOTHING;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((line) => `| ${line.join(' | ')} |`).join('\n');
}
