import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Misconfigured } from '../../../../src/core/misconfigured.ts';
import { readPlan, writePlan, type Plan } from '../../../../src/operate/dead-letters/plan-file.ts';
import { temporaryFolder } from '../../../support/keys.ts';

const plan: Plan = {
  ...{ id: 'R', group: 'g', topic: 'pf.dead-letter', madeBy: 'me@here', madeAt: '2026-11-22T10:00:00.000Z' },
  filter: { reason: 'rejected' },
  records: [{ record: 'pf.dead-letter:0:1', alsoCloses: ['pf.dead-letter:0:0'], origin: 'pf:0:7', paymentId: null }],
  skipped: [{ record: 'pf.dead-letter:0:2', paymentId: 'P', why: 'because' }],
};

test('a plan is read as it was written, and never written over', () => {
  const file = join(temporaryFolder(), 'plan.json');
  expect(readPlan(file, plan)).toBeUndefined();
  writePlan(file, plan);
  expect(readPlan(file, plan)).toEqual(plan);
  expect(() => writePlan(file, { ...plan, id: 'S' })).toThrow(Misconfigured);
  expect(readFileSync(file, 'utf8')).toContain('"R"');
});

test.each<[string, string]>([
  ['no JSON', '{'],
  ['something else', '{"id":"R"}'],
  ['a letter without a place', JSON.stringify({ ...plan, records: [{ ...plan.records[0], record: 'somewhere' }] })],
  ['a plan for another group', JSON.stringify({ ...plan, group: 'other' })],
])('%s is refused by name', (_, text) => {
  const file = join(temporaryFolder(), 'plan.json');
  writeFileSync(file, text);
  expect(() => readPlan(file, plan)).toThrow(Misconfigured);
});

test('where no plan can be written, that is said before anything is done', () => {
  expect(() => writePlan('/nonexistent/plan.json', plan)).toThrow(/cannot be written \(ENOENT\)/);
});
