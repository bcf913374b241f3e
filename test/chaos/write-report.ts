import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FIGURES_FOLDER } from './chaos.ts';
import type { Figures } from './figures.ts';
import { guaranteePage } from './report.ts';

const PAGE = fileURLToPath(new URL('../guarantees.md', import.meta.url));

const files = readdirSync(FIGURES_FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
  .map(({ name }) => `${FIGURES_FOLDER}/${name}`);
if (files.length === 0) throw new Error('there are no figures yet: npm run test:chaos');
const runs = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Figures);
writeFileSync(PAGE, guaranteePage(runs));
console.log(`${PAGE}: ${runs.length} runs`);
