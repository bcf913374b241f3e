import { traceOf } from '../../inspect/history.ts';
import { scan } from '../../inspect/scan.ts';
import type { Unread } from '../../inspect/unread.ts';
import { isCommitted } from '../../inspect/where-is.ts';
import { recordName } from '../../core/record.ts';
import type { Topology } from '../../core/topology.ts';
import type { Reader } from '../../kafka/kafkajs/reader.ts';
import type { Extent } from './extent.ts';

/** Events of a range that other topics know of, by the name of their source record. */
export interface Known {
  /** They wait in a retry topic, and are sent from there. */
  readonly waiting: ReadonlySet<string>;
  /** An outcome says that the gateway has taken them. */
  readonly delivered: ReadonlySet<string>;
  readonly unread: readonly Unread[];
}

/** Where retry topics and outcomes are looked for. */
export interface KnownQuery {
  readonly topology: Topology;
  readonly groupId: string;
  /** The retry topics there are, configured or not. */
  readonly retryTopics: readonly string[];
  /** Whether it matters what outcomes say. */
  readonly outcomes: boolean;
  readonly extents: readonly Extent[];
  readonly signal: AbortSignal;
}

/** Reads what waits in the retry topics and, where that matters, the outcomes topic. Throws what the signal says. */
export async function knownEvents(reader: Reader, query: KnownQuery): Promise<Known> {
  const { topology, groupId, retryTopics, outcomes, extents, signal } = query;
  const committed = await reader.committed(groupId, retryTopics);
  const partitions = extents.map(({ partition }) => partition);
  const waiting = new Set<string>();
  const delivered = new Set<string>();
  const inRange = new Map(extents.map((extent) => [extent.partition, extent]));
  const unread = await scan(reader, {
    topics: [
      ...retryTopics.map((topic) => ({ topic, partitions })),
      ...(outcomes && topology.outcomes !== undefined ? [{ topic: topology.outcomes }] : []),
    ],
    wants: () => true,
    visit: (record) => {
      const trace = traceOf(record, topology);
      if (trace?.kind !== 'copy' && trace?.kind !== 'outcome') return;
      const { topic, partition, offset } = trace.origin;
      const extent = inRange.get(partition);
      if (topic !== topology.source || extent === undefined || offset < extent.from || offset >= extent.to) return;
      if (trace.kind === 'copy' && !isCommitted(trace, committed)) waiting.add(recordName(trace.origin));
      if (trace.kind === 'outcome' && trace.verdict === 'delivered') delivered.add(recordName(trace.origin));
    },
    signal,
  });
  return { waiting, delivered, unread };
}
