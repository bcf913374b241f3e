import type { Caller, Handlers } from '../connection.ts';
import { ERROR } from '../error-codes.ts';
import type { Partition } from '../partition.ts';
import type { Parts } from '../parts.ts';
import type { Operation } from '../rights.ts';
import { storedRecords, type StoredRecord } from '../stored-records.ts';
import { ledBy } from './served.ts';
import { fetch } from './fetch.ts';
import { produce } from './produce.ts';

const READ_COMMITTED = 1;
const [LATEST, EARLIEST, WITH_LARGEST_TIME] = [-1, -2, -3];

/** Everything that is asked of the leader of a partition. */
export function recordHandlers(parts: Parts): Pick<Handlers, 'Produce' | 'Fetch' | 'ListOffsets' | 'DeleteRecords'> {
  const led = (caller: Caller, operation: Operation, name: string, index: number): Partition | number => {
    if (!parts.authorizer.allows(caller.principal, operation, 'topic', name)) return ERROR.TOPIC_AUTHORIZATION_FAILED;
    return ledBy(parts, caller.node, name, index);
  };

  return {
    Produce: produce(parts),
    Fetch: fetch(parts),
    ListOffsets: ({ topics, isolationLevel }, caller) => ({
      throttleTimeMs: 0,
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ index, timestamp }) => {
          const partition = led(caller, 'DESCRIBE', name, index);
          if (typeof partition === 'number') return { index, errorCode: partition, timestamp: -1, offset: -1 };
          if (timestamp === LATEST && partition.isEndUnknown)
            return { index, errorCode: ERROR.LEADER_NOT_AVAILABLE, timestamp: -1, offset: -1 };
          return {
            index,
            errorCode: ERROR.NONE,
            ...offsetAt(partition, timestamp, isolationLevel === READ_COMMITTED),
          };
        }),
      })),
    }),
    DeleteRecords: ({ topics }, caller) => ({
      throttleTimeMs: 0,
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ index, offset }) => {
          const partition = led(caller, 'DELETE', name, index);
          if (typeof partition === 'number') return { index, lowWatermark: -1, errorCode: partition };
          const { highWatermark } = partition.log;
          const before = offset === -1 ? highWatermark : offset;
          if (before < 0 || before > highWatermark)
            return { index, lowWatermark: -1, errorCode: ERROR.OFFSET_OUT_OF_RANGE };
          return { index, lowWatermark: partition.deleteBefore(before), errorCode: ERROR.NONE };
        }),
      })),
    }),
  };
}

/** The offset that a time stands for. */
function offsetAt({ log }: Partition, timestamp: number, isCommitted: boolean): { timestamp: number; offset: number } {
  const end = isCommitted ? log.lastStableOffset : log.highWatermark;
  if (timestamp === LATEST) return { timestamp: -1, offset: end };
  if (timestamp === EARLIEST) return { timestamp: -1, offset: log.startOffset };
  const records = storedRecords(log).filter(({ offset }) => offset < end);
  const found =
    timestamp === WITH_LARGEST_TIME
      ? records.reduce<StoredRecord | undefined>(
          (best, one) => (one.timestamp > (best?.timestamp ?? -1) ? one : best),
          undefined,
        )
      : records.find((record) => record.timestamp >= timestamp);
  return { timestamp: found?.timestamp ?? -1, offset: found?.offset ?? -1 };
}
