import type { ICustomPartitioner } from 'kafkajs';
import { partitionOf } from '../../core/murmur2.ts';

/**
 * Chooses a record's partition by its key as Kafka's Java client does. The client library's own way comes to the same, but
 * with big integers: a key of 1 MB would stop the whole process for a minute.
 */
export const byKey: ICustomPartitioner =
  () =>
  ({ partitionMetadata, message: { partition, key } }) =>
    partition ?? partitionOf(Buffer.from(key ?? ''), partitionMetadata.length);
