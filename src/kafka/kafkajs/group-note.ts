import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { createCluster } from './own-cluster.ts';
import { errorType } from './errors.ts';
import { commitOffsets, committedOffsets, partitionKey } from './offsets.ts';

/** A text that the brokers keep with an offset of a group in which nobody is: everyone who may use the group sees it. */
export interface GroupNote {
  /** Empty where nothing was written. */
  read(): Promise<string>;
  /** @param text at most 4,096 bytes */
  write(text: string): Promise<void>;
  close(): Promise<void>;
}

const TRIES = 20;
const PAUSE_MS = 250;

/** Opens the note at the first partition of a topic. */
export async function openGroupNote(kafka: Kafka, groupId: string, topic: string): Promise<GroupNote> {
  const cluster = createCluster(kafka);
  await cluster.connect();
  const nobody = { groupId, groupGenerationId: -1, memberId: '' };
  return {
    read: () =>
      loaded(async () => {
        const committed = await committedOffsets(cluster, groupId, new Map([[topic, [0]]]));
        return committed.get(partitionKey(topic, 0))?.metadata ?? '';
      }),
    write: (text) => loaded(() => commitOffsets(cluster, nobody, [{ topic, partition: 0, offset: 0, metadata: text }])),
    close: () => cluster.disconnect(),
  };
}

/** A coordinator that has just taken over does not know its groups yet. */
async function loaded<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (tries >= TRIES || !PASSING.includes(errorType(error) ?? '')) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

const PASSING = ['GROUP_LOAD_IN_PROGRESS', 'NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE'];
