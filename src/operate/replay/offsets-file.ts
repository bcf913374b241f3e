import { Misconfigured } from '../../core/misconfigured.ts';

/** A committed offset of the group. */
export interface GroupOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** The lines that `kafka-consumer-groups --export` writes and `--from-file` reads: `topic,partition,offset`. */
export function writeOffsets(offsets: readonly GroupOffset[]): string {
  const sorted = [...offsets].sort((a, b) => compare(a.topic, b.topic) || a.partition - b.partition);
  return sorted.map(({ topic, partition, offset }) => `${topic},${partition},${offset}\n`).join('');
}

/**
 * Reads what `writeOffsets` or Kafka's tool has written; that one may put quotes around the topic.
 *
 * @param file how the file is called in what is wrong with it
 */
export function readOffsets(text: string, file: string): GroupOffset[] {
  const problems: string[] = [];
  const offsets = new Map<string, GroupOffset>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const [, topic, partition, offset] = /^"?([^",]+)"?,(\d{1,9}),(\d{1,15})$/.exec(line.trim()) ?? [];
    if (topic === undefined) {
      problems.push(`${file}, line ${index + 1}: write topic,partition,offset, such as payment-final,0,1200`);
      continue;
    }
    const name = `${topic}:${String(partition)}`;
    if (offsets.has(name))
      problems.push(`${file}, line ${index + 1}: ${name} stands there twice; keep one of the lines`);
    offsets.set(name, { topic, partition: Number(partition), offset: Number(offset) });
  }
  if (problems.length === 0 && offsets.size === 0) problems.push(`${file}: no offsets in it; export some first`);
  if (problems.length > 0) throw new Misconfigured(problems);
  return [...offsets.values()];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
