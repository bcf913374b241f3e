import { Topology } from '../../core/topology.ts';
import { createKafka } from '../../kafka/kafkajs/client.ts';
import { openReader } from '../../kafka/kafkajs/reader.ts';
import type { Reading } from '../../operate/evidence.ts';
import type { Config } from '../../settings/table.ts';
import type { Task } from './command.ts';
import { estimated } from './estimate.ts';

/** The settings that say where evidence stands. */
export type EvidenceSection = 'kafka' | 'source' | 'retry' | 'outcomes';

/** The topics as these settings name them. */
export function topologyOf({ source, retry, outcomes }: Pick<Config, EvidenceSection>): Topology {
  return new Topology({ source: source.topic, tiers: retry.tiers, outcomes: outcomes.topic });
}

/** Gives a task the means to read topics, and takes them back. @param what is shown with the progress */
export async function withReading<T>(
  { settings, signal, err }: Pick<Task<object, EvidenceSection>, 'settings' | 'signal' | 'err'>,
  what: string,
  task: (reading: Reading) => Promise<T>,
): Promise<T> {
  const reader = await openReader(createKafka(settings.kafka.client, silent));
  try {
    const { groupId } = settings.kafka.group;
    return await task({ reader, topology: topologyOf(settings), groupId, signal, progress: estimated(err, what) });
  } finally {
    await reader.close();
  }
}

/** kafkajs tells of its retries on standard output; what comes of them is told by the command. */
export const silent = () => () => undefined;
