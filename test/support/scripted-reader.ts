import type { Fetched, Place, Reader } from '../../src/kafka/kafkajs/reader.ts';
import { readBatches } from '../../src/kafka/wire/record-batches.ts';

/** A partition as its broker keeps it: bytes of batches, one behind the other. */
export interface KeptPartition {
  readonly bytes: Buffer;
  readonly end: number;
  /** `end` where absent: no transaction is open. */
  readonly lastStable?: number;
  readonly earliest?: number;
  /** Given instead of records. */
  readonly error?: string;
  /** Of the fetches that fail by throwing, the first so many do. */
  failures?: number;
  readonly aborted?: readonly { readonly producerId: string; readonly firstOffset: string }[];
}

/** A cluster in memory: partitions by topic, led by broker 1 where `leaders` does not say otherwise. */
export interface Kept {
  readonly topics: Readonly<Record<string, readonly KeptPartition[] | string>>;
  readonly leaders?: Readonly<Record<string, number>>;
  /** Resolves before each answer to a fetch. */
  readonly beforeFetch?: () => Promise<void>;
}

/** A reader of it: each answer goes through the same bytes as a broker's. A topic that is a text has that error. */
export function scriptedReader({ topics, leaders = {}, beforeFetch }: Kept): Reader {
  const keptOf = ({ topic, partition }: Place): KeptPartition => {
    const partitions = topics[topic];
    const kept = typeof partitions === 'object' ? partitions[partition] : undefined;
    if (kept === undefined) throw new Error(`nobody keeps ${topic}:${String(partition)}`);
    return kept;
  };
  return {
    topics: () => Promise.resolve(Object.keys(topics)),
    layouts: (names) =>
      Promise.resolve(
        names.map((topic) => {
          const partitions = topics[topic] ?? 'UNKNOWN_TOPIC_OR_PARTITION';
          if (typeof partitions === 'string') return { topic, partitions: [], error: partitions };
          const led = partitions.map((_, partition) => ({
            partition,
            leader: leaders[`${topic}:${String(partition)}`] ?? 1,
          }));
          return { topic, partitions: led };
        }),
      ),
    offsets: (_, places, which) =>
      Promise.resolve(
        places.map((place) => {
          const { end, lastStable = end, earliest = 0 } = keptOf(place);
          const offset = { earliest, end, 'last stable': lastStable }[which as string];
          return { topic: place.topic, partition: place.partition, offset };
        }),
      ),
    fetch: async (_, places) => {
      await beforeFetch?.();
      return Promise.all(
        places.map(async ({ topic, partition, next }): Promise<Fetched> => {
          const kept = keptOf({ topic, partition });
          const { bytes, end, aborted = [], error, failures = 0 } = kept;
          if (failures > 0) {
            kept.failures = failures - 1;
            throw new Error('the broker stumbled');
          }
          const messages = await readBatches(error === undefined ? bytes : Buffer.alloc(0), {
            from: next,
            end,
            aborted,
          });
          return { topic, partition, messages, ...(error !== undefined && { error }) };
        }),
      );
    },
    committed: () => Promise.resolve(new Map()),
    close: () => Promise.resolve(),
  };
}
