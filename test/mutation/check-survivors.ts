import { readFileSync } from 'node:fs';
import { EXPLAINED } from './explained.ts';
import { isGoodEnough, judgementLines, judgeSurvivors, type Report } from './survivors.ts';

/** Rooms that decide something, beside much that only the broker can judge: that is what integration tests are for. */
const FLOORS = {
  ...{ 'src/kafka/avro/': 85, 'src/kafka/group/': 85, 'src/kafka/lanes/': 85 },
  ...{ 'src/kafka/produce/': 85, 'src/kafka/wire/': 85 },
};
const REPORT = new URL('../../.local/mutation/report.json', import.meta.url);

const judgement = judgeSurvivors(JSON.parse(readFileSync(REPORT, 'utf8')) as Report, EXPLAINED, FLOORS);
for (const line of judgementLines(judgement)) console.log(line);
process.exitCode = isGoodEnough(judgement) ? 0 : 1;
