import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withParts } from '../../support/write-docs.ts';
import type { Results } from '../results.ts';
import { resultsPage } from './page.ts';
import { resultsPlot } from './plot.ts';
import { inFlightTable, membersTable, planTable } from './scale.ts';

const ROOT = new URL('../../../', import.meta.url);
const SCALE = 'docs/scale.md';

/** Writes what was measured where it is shown. @returns the files, as in the repository */
export function writeReport(results: Results): readonly string[] {
  const scale = readFileSync(new URL(SCALE, ROOT), 'utf8');
  const parts = {
    plan: () => planTable(results),
    'in flight': inFlightTable,
    members: () => membersTable(results),
  };
  const files = {
    'test/bench/results.md': resultsPage(results),
    'test/bench/results.svg': resultsPlot(results),
    [SCALE]: withParts(scale, { file: SCALE, parts }),
  };
  for (const [file, text] of Object.entries(files)) writeFileSync(fileURLToPath(new URL(file, ROOT)), text);
  return Object.keys(files);
}
