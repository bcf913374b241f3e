import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { keptFigures } from '../simulation/figures.ts';
import { simulationPart } from '../simulation/report.ts';
import { withParts } from '../support/write-docs.ts';
import { FIGURES_FOLDER } from './chaos.ts';
import type { Figures } from './figures.ts';
import { chaosPart, guaranteesPart } from './report.ts';

const PAGE = fileURLToPath(new URL('../guarantees.md', import.meta.url));

const chaos = chaosFigures();
const simulated = keptFigures();
if (chaos.length + simulated.length === 0) {
  throw new Error('there are no figures yet: npm run test:chaos, npm run test:simulation -- --minutes 10');
}
// Of what was not run here, the page says what it said.
const parts = {
  ...(chaos.length > 0 && { chaos: () => chaosPart(chaos) }),
  ...(simulated.length > 0 && { 'simulated time': () => simulationPart(simulated) }),
  guarantees: guaranteesPart,
};
writeFileSync(PAGE, withParts(readFileSync(PAGE, 'utf8'), { file: 'test/guarantees.md', parts }));
console.log(`${PAGE}: ${chaos.length} runs of chaos, ${simulated.length} in simulated time`);

function chaosFigures(): Figures[] {
  if (!existsSync(FIGURES_FOLDER)) return [];
  return readdirSync(FIGURES_FOLDER, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map(({ name }) => JSON.parse(readFileSync(`${FIGURES_FOLDER}/${name}`, 'utf8')) as Figures);
}
