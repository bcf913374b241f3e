import { array, int16, int32, int64, nullableString, string, struct, type Type } from '../codec.ts';

/** The lowest number stands for "not asked for". */
export const NOT_SAID = -(2 ** 31);

/** The same of partitions, topic by topic. */
export function perTopic<T>(partition: Type<T>) {
  return array(struct({ name: string, partitions: array(partition) }));
}

export const throttled = { throttleTimeMs: int32 };
/** An answer that concerns all that was asked for. */
export const answered = { ...throttled, errorCode: int16 };

/** What became of one partition. */
export const done = struct({ index: int32, errorCode: int16 });
export const offsetToCommit = struct({ index: int32, offset: int64, metadata: nullableString });

/** As which member of which group something is asked for. */
export const inGeneration = { groupId: string, generationId: int32, memberId: string };
export const memberOf = { memberId: string, groupInstanceId: nullableString };
