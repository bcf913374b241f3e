import { describe, expect, test } from 'vitest';
import { usualCells } from '../../bench/matrix.ts';
import { digits, shapeOf, withSpread } from '../../bench/report/lines.ts';
import { resultsPage } from '../../bench/report/page.ts';
import { resultsPlot } from '../../bench/report/plot.ts';
import { inFlightTable, membersTable, planTable } from '../../bench/report/scale.ts';
import { tablesOf } from '../../bench/report/tables.ts';
import { forPrograms, timesBare, type Results } from '../../bench/results.ts';
import type { Figures } from '../../bench/figures.ts';

const CELLS = usualCells(24, 20);

/** Two rounds; in the second everything takes twice as long. */
function results(of: (program: string, members: number) => Figures): Results {
  return {
    day: '2026-11-28',
    command: 'npm run bench -- --write',
    machine: {
      ...{ processor: 'a processor', cores: 2, bound: { measured: [1], others: [0] } },
      ...{ nodes: { 20: '20.20.2', 24: '24.21.0' }, nodeOptions: '--max-old-space-size=384' },
    },
    extent: {
      ...{ settleSeconds: 1, idleSeconds: 3, rate: 100, rateSeconds: 10, fullSeconds: 5 },
      ...{ warmUpSeconds: 2, rateWarmUpSeconds: 9 },
    },
    cells: CELLS.map((cell) => {
      const figures = of(cell.program, cell.members);
      const slower = Object.entries(figures).map(([name, value]) => [
        name,
        name === 'perSecond' ? value / 2 : value * 2,
      ]);
      return { cell, rounds: [figures, Object.fromEntries(slower) as Figures] };
    }),
  };
}

const MEASURED = results((program) =>
  program === 'bare'
    ? { cpuMicros: 500, perSecond: 1_600 }
    : {
        cpuMicros: 750,
        perSecond: 1_200,
        p50Ms: 2,
        p99Ms: 20,
        p999Ms: 40,
        idlePercent: 1,
        brokerMicros: 100,
        memoryMiB: 200,
      },
);

describe('figures', () => {
  test('are multiples of the bare loop in the same round', () => {
    const service = MEASURED.cells.find(({ cell }) => cell.program === 'partition');
    if (service === undefined) throw new Error('no service was measured');
    expect(timesBare(service, 'cpuMicros', MEASURED.cells)).toEqual({ median: 1.5, least: 1.5, most: 1.5 });
    expect(timesBare(service, 'p50Ms', MEASURED.cells)).toBeUndefined();
  });

  test('stand in every table that they belong to, and nowhere else', () => {
    const [full, rate, idle] = tablesOf(MEASURED);
    expect(full?.rows).toHaveLength(CELLS.length);
    expect(rate?.rows).toHaveLength(CELLS.filter(({ program }) => program !== 'bare').length);
    expect(idle?.head).toEqual(['', '', 'CPU of the process, % of a core']);
    for (const { head, rows } of tablesOf(MEASURED)) for (const row of rows) expect(row).toHaveLength(head.length);
  });

  test('are given to programs as median, least and most', () => {
    const { cells } = forPrograms(MEASURED) as { cells: { figures: unknown }[] };
    expect(cells[0]?.figures).toEqual({
      cpuMicros: { median: 750, least: 500, most: 1_000 },
      perSecond: { median: 1_200, least: 800, most: 1_600 },
    });
  });

  test.each([
    [1_234.5, '1,235'],
    [123.4, '123'],
    [12.34, '12.3'],
    [1.234, '1.23'],
    [0.5, '0.50'],
    [Number.NaN, '–'],
  ])('%d is written %s', (value, text) => {
    expect(digits(value)).toBe(text);
  });

  test('of one round have no spread to show', () => {
    expect(withSpread({ median: 2, least: 2, most: 2 })).toBe('2.00');
    expect(withSpread({ median: 2, least: 1, most: 30 })).toBe('2.00 (1.00–30.0)');
    expect(withSpread(undefined)).toBe('–');
  });
});

test('no two cells of a program look the same', () => {
  const names = CELLS.map((cell) => `${cell.program} ${shapeOf(cell)}`);
  expect(new Set(names).size).toBe(names.length);
});

test('the page says how it was made, and shows every figure', () => {
  const page = resultsPage(MEASURED);
  expect(page).toContain('Written by `npm run bench -- --write` on 2026-11-28.');
  expect(page).toContain('median of 2 rounds');
  expect(page).not.toContain('busy');
  expect(page).toContain('| bare got loop | gateway 0 ms, Node 24 | 750 (500–1,000) | – | 1,200 (800–1,600) | – |');
  expect(page).toContain('Measured on processor 1; brokers, registry, gateway and writer on 0.');
  expect(page).not.toMatch(/NaN|undefined/);
});

test('the page says where the machine was busy with something else', () => {
  const busy = results(() => ({ cpuMicros: 500, strangersPercent: 20 }));
  expect(resultsPage(busy)).toContain('**The machine was busy: others took up to 30.0 % of the measured processor');
});

test('the picture has a row for each cell, and nothing that cannot be drawn', () => {
  const picture = resultsPlot(MEASURED);
  for (const { cell } of MEASURED.cells) expect(picture).toContain(shapeOf(cell));
  expect(picture).not.toMatch(/NaN|undefined|Infinity/);
  expect(resultsPlot(results(() => ({ cpuMicros: 1, perSecond: 1 })))).not.toMatch(/NaN|undefined|Infinity/);
});

describe('the plan for 10,000 events a second', () => {
  test('follows from what was measured, with room', () => {
    // Medians of the two rounds: 1,125 µs and 900 events a second, of one partition at 50 ms 900/16 and 900.
    const plan = planTable(MEASURED);
    expect(plan).toContain('| CPU of all members | 1,125 µs an event | 11.3 cores, 16.1 with room |');
    expect(plan).toContain('| members with a core each | 900 events/s each | 16 |');
  });

  test('says how many requests are out at once', () => {
    expect(inFlightTable()).toContain('| 200 ms | 2,000 | 45 |');
  });

  test('shows how members share', () => {
    const shared = results((_, members) => ({
      cpuMicros: 800,
      perSecond: 1_000,
      ...(members > 1 && { leastShare: 0.5 }),
    }));
    const rows = membersTable(shared).split('\n').slice(2);
    expect(rows.map((row) => row.split(' | ')[0])).toEqual(['| 1', '| 2', '| 4']);
    expect(rows[1]).toContain('0.75 (0.50–1.00)');
  });
});
