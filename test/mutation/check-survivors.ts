import { readFileSync } from 'node:fs';
import { EXPLAINED } from './explained.ts';
import { judgementLines, judgeSurvivors, type Report } from './survivors.ts';

const REPORT = new URL('../../.local/mutation/report.json', import.meta.url);

const judgement = judgeSurvivors(JSON.parse(readFileSync(REPORT, 'utf8')) as Report, EXPLAINED);
for (const line of judgementLines(judgement)) console.log(line);
process.exitCode = judgement.unexplained.length === 0 ? 0 : 1;
