import { scan, type Progress } from '../../inspect/scan.ts';
import type { Unread } from '../../inspect/unread.ts';
import type { Reader } from '../../kafka/kafkajs/reader.ts';
import type { Extent } from './extent.ts';

/** How many records there are in each extent: offsets of transaction markers, and of records that are gone, are none. */
export interface Counted {
  readonly partitions: readonly (Extent & { readonly count: number })[];
  readonly total: number;
  /** What could not be counted, and why. */
  readonly unread: readonly Unread[];
}

/** Counts by reading. Throws what the signal says. */
export async function countRecords(
  reader: Reader,
  topic: string,
  extents: readonly Extent[],
  signal: AbortSignal,
  progress: (progress: Progress) => void,
): Promise<Counted> {
  const counts = new Map<number, number>();
  const unread = await scan(reader, {
    topics: extents.map(({ partition, from, to }) => ({
      topic,
      partitions: [partition],
      from: { offset: from },
      to: { offset: to },
    })),
    wants: () => true,
    visit: ({ partition }) => counts.set(partition, (counts.get(partition) ?? 0) + 1),
    progress,
    signal,
  });
  const partitions = extents.map((extent) => ({ ...extent, count: counts.get(extent.partition) ?? 0 }));
  return { partitions, total: partitions.reduce((sum, { count }) => sum + count, 0), unread };
}
