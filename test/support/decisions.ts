import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the decision records. */
export const DECISIONS = fileURLToPath(new URL('../../docs/decisions/', import.meta.url));

/** One record: why a rule exists that the code does not explain by itself. */
export interface DecisionRecord {
  readonly file: string;
  readonly title: string;
  readonly text: string;
}

/** All records, by their numbers. */
export function decisionRecords(): DecisionRecord[] {
  const files = readdirSync(DECISIONS).filter((file) => /^\d{4}-[a-z0-9-]+\.md$/.test(file));
  return files.sort().map((file) => {
    const text = readFileSync(join(DECISIONS, file), 'utf8');
    return { file, text, title: /^# (.+)$/m.exec(text)?.[1] ?? '' };
  });
}
