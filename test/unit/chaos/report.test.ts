import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { FAULTS, type FaultKind } from '../../chaos/evidence.ts';
import { figuresOf, holds, type Figures } from '../../chaos/figures.ts';
import { GUARANTEES } from '../../chaos/guarantees.ts';
import type { Judgement } from '../../chaos/judge.ts';
import { chaosPart } from '../../chaos/report.ts';
import { figuresTable, progressLine, violationLines } from '../../chaos/tell.ts';
import type { Violation } from '../../chaos/violations.ts';

const RUN = {
  ...{ seed: 7, minutes: 2, brokers: 3 as const, ordering: 'key' as const, rate: 100, node: 'v20.20.2' },
  ...{ command: 'npm run test:chaos -- --seed 7', startedAt: '2026-11-23T10:00:00Z', rebalances: 12 },
};

function judged(violations: readonly Violation[] = []): Judgement {
  return {
    violations,
    records: 1_000,
    requests: 1_100,
    places: { delivered: 980, deadLettered: 20, waiting: 0, uncommitted: 0 },
    repeats: { explained: 3, unexplained: 0, unseenVerdicts: 1, most: 2, mostOfALane: 'main:0 after it', bound: 8 },
    stall: { ms: 1_234, where: 'partition 1' },
    recovery: { ms: 2_345, where: 'after kill' },
  };
}

function figures(fields: Partial<Figures> = {}, violations: readonly Violation[] = []): Figures {
  return { ...figuresOf(RUN, [{ kind: 'kill' }, { kind: 'kill' }, { kind: 'roll' }], judged(violations)), ...fields };
}

const LOST: Violation[] = Array.from({ length: 7 }, (_, at) => ({ kind: 'lost', detail: `0:${at}` }));

describe('figures', () => {
  test('count each kind of fault and of violation, those that did not occur as well', () => {
    const { faults, violations, mostRepeatsOfALane, longestStallMs } = figures({}, LOST);
    expect(Object.keys(faults)).toEqual([...FAULTS]);
    expect([faults.kill, faults.roll, faults.freeze, violations.lost, violations.doubled]).toEqual([2, 1, 0, 7, 0]);
    expect([mostRepeatsOfALane, longestStallMs]).toEqual([2, 1_234]);
  });

  test('hold only without any violation', () => {
    expect(holds(figures())).toBe(true);
    expect(holds(figures({}, LOST))).toBe(false);
  });
});

describe('the page', () => {
  const other = figures({ seed: 8, startedAt: '2026-11-23T11:00:00Z', records: 500 }, LOST);

  test('is the same for the same runs in any order', () => {
    expect(chaosPart([other, figures()])).toBe(chaosPart([figures(), other]));
  });

  test('shows each run and the sum, and which did not hold', () => {
    const page = chaosPart([figures(), other]);
    expect(page).toContain('| records written | 1000 | 500 | **1500** |');
    expect(page).toContain('| lost: committed, and nowhere to be found | 0 | 7 | **7** |');
    expect(page).toContain('| 7 | 2026-11-23T10:00:00Z | v20.20.2 | 3 | key | 2 | yes |');
    expect(page).toContain('| 8 | 2026-11-23T11:00:00Z | v20.20.2 | 3 | key | 2 | **no** |');
    expect(page).toContain('| 7 | 2 of 8 | 1.2 s | 2.3 s |');
    expect(page).toContain('    npm run test:chaos -- --seed 7');
  });

  test('names every guarantee once, and the files that prove it exist', () => {
    expect(GUARANTEES.map(({ name }) => name)).toEqual(['G1', 'G2', 'G3', 'G4', 'G5', 'G6', 'G7', 'G8', 'G9']);
    const files = GUARANTEES.flatMap(({ tests }) => tests);
    const missing = files.filter((file) => !existsSync(fileURLToPath(new URL(`../../${file}`, import.meta.url))));
    expect(missing).toEqual([]);
  });
});

describe('what is told', () => {
  test('where a run stands', () => {
    const progress = { written: 10, delivered: 6, refused: 1, parked: 2, dead: 1, kills: 3, rebalances: 4 };
    expect(progressLine({ ...progress, leftMs: 65_000, violations: 0 })).toBe(
      '1:05 left · 10 written, 6 delivered, 1 refused, 2 parked, 1 dead letters · 3 kills, 4 rebalances · 0 violations',
    );
    expect(progressLine({ ...progress, leftMs: 0, violations: undefined })).toMatch(/^0:00 left .* not judged yet$/);
  });

  test('faults that occurred, and every invariant whether broken or not', () => {
    const lines = figuresTable(figures({}, LOST), judged(LOST)).split('\n');
    const has = (pattern: RegExp): boolean => lines.some((line) => pattern.test(line));
    expect(has(/^kill +2$/) && has(/^lost +7 +committed, and nowhere/) && has(/^doubled +0$/)).toBe(true);
    const absent: FaultKind = 'freeze';
    expect(has(new RegExp(`^${absent}`))).toBe(false);
  });

  test('the first violations of each kind, and how many more', () => {
    expect(violationLines(judged(LOST))).toEqual([...[0, 1, 2, 3, 4].map((at) => `lost: 0:${at}`), 'lost: and 2 more']);
  });
});
