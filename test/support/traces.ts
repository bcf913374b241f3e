import { Topology } from '../../src/core/topology.ts';
import { traceOf, type Trace } from '../../src/inspect/history.ts';
import { scan } from '../../src/inspect/scan.ts';
import { openReader } from '../../src/kafka/kafkajs/reader.ts';
import type { World } from './world.ts';

const READ_LIMIT_MS = 60_000;

/** What stands in the topics of a world, and what its group has committed by `topic:partition`. */
export interface Traces {
  readonly traces: readonly Trace[];
  readonly committed: ReadonlyMap<string, number>;
}

/** Reads all topics of a world that exist, to their ends. */
export async function readTraces(world: World): Promise<Traces> {
  const topology = new Topology({
    source: world.source,
    tiers: [],
    outcomes: world.settings['OUTCOMES_TOPIC'] || undefined,
  });
  const topics = (await world.admin.listTopics()).filter((topic) => topology.roleOf(topic) !== 'other');
  const reader = await openReader(world.kafka);
  try {
    const traces: Trace[] = [];
    const unread = await scan(reader, {
      topics: topics.map((topic) => ({ topic })),
      wants: () => true,
      visit: (record) => {
        const trace = traceOf(record, topology);
        if (trace !== undefined) traces.push(trace);
      },
      signal: AbortSignal.timeout(READ_LIMIT_MS),
    });
    // Tests write batches that nobody can read, on purpose.
    const unexpected = unread.filter(({ why }) => !why.includes('cannot be read'));
    if (unexpected.length > 0) throw new Error(`not all could be read: ${JSON.stringify(unexpected)}`);
    return { traces, committed: await reader.committed(world.group, topics) };
  } finally {
    await reader.close();
  }
}
