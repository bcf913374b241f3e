import { recordName } from '../../core/record.ts';
import { traceOf } from '../../inspect/history.ts';
import { scan } from '../../inspect/scan.ts';
import type { Reading } from '../evidence.ts';

/** Of fewer letters nothing can be said. */
const ENOUGH = 20;
const MOST_FAILED = 0.05;

/** Whether more of what was sent again has become a dead letter again than a run should go on with. */
export function isFailing(sent: number, deadAgain: number): boolean {
  return sent >= ENOUGH && deadAgain > sent * MOST_FAILED;
}

/** Counts the events that a redrive sent and that are dead letters again, each time from where it last came to. */
export function deadAgainCounter(
  id: string,
  { reader, topology, signal }: Omit<Reading, 'progress'>,
): () => Promise<number> {
  const next = new Map<number, number>();
  const events = new Set<string>();
  const topic = topology.deadLetters;
  return async () => {
    const [layout] = await reader.layouts([topic]);
    await scan(reader, {
      topics: (layout?.partitions ?? []).map(({ partition }) => {
        return { topic, partitions: [partition], from: { offset: next.get(partition) ?? 0 } };
      }),
      wants: () => true,
      visit: (record) => {
        next.set(record.partition, record.offset + 1);
        const trace = traceOf(record, topology);
        if (trace?.kind === 'letter' && trace.redriveId === id) events.add(recordName(trace.origin));
      },
      signal,
    });
    return events.size;
  };
}
