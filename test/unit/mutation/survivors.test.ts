import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { EXPLAINED } from '../../mutation/explained.ts';
import {
  isGoodEnough,
  judgementLines,
  judgeSurvivors,
  type Explanation,
  type Report,
} from '../../mutation/survivors.ts';

const FILE = 'src/core/a.ts';
const SOURCE = ['function late(at: number): boolean {', '  return (', '    at > 30', '  );', '}'].join('\n');
const COMPARISON = { start: { line: 3, column: 5 }, end: { line: 3, column: 12 } };
const RETURNED = { start: { line: 2, column: 10 }, end: { line: 4, column: 4 } };

/** What Stryker reports of mutants of `at > 30`, by their status; another replacement each. */
function reported(...statuses: readonly string[]): Report {
  const replacements = ['at >= 30', 'at <= 30', 'true', 'false'];
  const mutants = statuses.map((status, at) => ({
    status,
    replacement: replacements[at] ?? '',
    location: COMPARISON,
  }));
  return { files: { [FILE]: { source: SOURCE, mutants } } };
}

function explained(...mutants: Explanation['mutants']): Explanation[] {
  return [{ file: FILE, mutants, why: 'nobody is late by nothing' }];
}

describe('a mutant that no test has killed', () => {
  test('is told with its place, and what stands there now', () => {
    const judgement = judgeSurvivors(reported('Survived', 'Killed', 'NoCoverage', 'Timeout'), []);
    expect(judgementLines(judgement)).toEqual([
      `unexplained: ${FILE}:3: at > 30 -> at >= 30`,
      `unexplained: ${FILE}:3: at > 30 -> true`,
      '4 mutants: 2 killed, 0 explained, 2 unexplained',
    ]);
  });

  test('may be explained', () => {
    const judgement = judgeSurvivors(reported('Survived', 'Killed'), explained(['at > 30', 'at >= 30']));
    expect(judgementLines(judgement)).toEqual(['2 mutants: 1 killed, 1 explained, 0 unexplained']);
  });

  test.each<[string, Explanation[]]>([
    ['another change', explained(['at > 30', 'false'])],
    ['another text', explained(['at > 31', 'at >= 30'])],
    ['another file', [{ ...explained(['at > 30', 'at >= 30'])[0]!, file: 'src/core/b.ts' }]],
  ])('is not explained by what is said of %s', (_, explanations) => {
    const { unexplained, stale } = judgeSurvivors(reported('Survived'), explanations);
    expect([unexplained.length, stale.length]).toEqual([1, 1]);
  });

  test('does not hide behind another one of the same text', () => {
    const report = reported('Survived');
    const twice = { files: { [FILE]: { source: SOURCE, mutants: [0, 0].flatMap(() => report.files[FILE]!.mutants) } } };
    const pair = ['at > 30', 'at >= 30'] as const;
    expect(judgeSurvivors(twice, explained(pair)).unexplained).toHaveLength(1);
    expect(judgeSurvivors(twice, explained(pair, pair)).unexplained).toEqual([]);
  });

  test('is known again wherever it moves, and however its lines are broken', () => {
    const mutants = [{ status: 'Survived', replacement: '()', location: RETURNED }];
    const report = { files: { [FILE]: { source: SOURCE, mutants } } };
    expect(judgeSurvivors(report, explained(['( at > 30 )', '()'])).unexplained).toEqual([]);
  });
});

test('what is explained and killed by now is told, and is no fault', () => {
  const judgement = judgeSurvivors(reported('Killed'), explained(['at > 30', 'at >= 30']));
  expect(judgement.unexplained).toEqual([]);
  expect(judgementLines(judgement)).toEqual([
    `explained, but survives no longer: ${FILE}: at > 30 -> at >= 30`,
    '1 mutants: 1 killed, 0 explained, 0 unexplained',
  ]);
});

describe('a folder with a floor', () => {
  const report = reported('Survived', 'Killed', 'Timeout', 'NoCoverage');

  test('is judged by how many of its mutants are killed, and no survivor has to be explained', () => {
    const judgement = judgeSurvivors(report, [], { 'src/core/': 50 });
    expect(judgementLines(judgement)).toEqual([
      'src/core/: 50 % killed, at least 50 wanted',
      '4 mutants: 2 killed, 0 explained, 0 unexplained',
    ]);
    expect(isGoodEnough(judgement)).toBe(true);
  });

  test('that is not reached is not good enough', () => {
    expect(isGoodEnough(judgeSurvivors(report, [], { 'src/core/': 51 }))).toBe(false);
  });

  test('in which nothing was tried has not reached it', () => {
    expect(isGoodEnough(judgeSurvivors({ files: {} }, [], { 'src/core/': 85 }))).toBe(false);
  });

  test('excuses nothing elsewhere', () => {
    expect(isGoodEnough(judgeSurvivors(report, [], { 'src/core/': 50, 'src/kafka/': 0 }))).toBe(true);
    expect(judgeSurvivors(report, [], { 'src/kafka/': 0 }).unexplained).toHaveLength(2);
  });
});

test('mutants that could not run count for nothing', () => {
  expect(judgeSurvivors(reported('RuntimeError', 'Ignored', 'CompileError'), [])).toMatchObject({ mutants: 0 });
});

test('every explanation says why, of a file that is there', () => {
  for (const { file, mutants, why } of EXPLAINED) {
    expect(existsSync(fileURLToPath(new URL(`../../../${file}`, import.meta.url))), file).toBe(true);
    expect(mutants.length).toBeGreaterThan(0);
    expect(why).not.toBe('');
  }
});
