import type { Observe } from '../../pipeline/ports.ts';
import { leaveWhileJoining } from '../kafkajs/leave-while-joining.ts';
import type { ConsumerGroup } from '../kafkajs/types.ts';
import { inTime } from './in-time.ts';

/** How long leaving may take while a join is waiting: a broker that takes longer will not do it sooner. */
const LEAVE_WITHIN_MS = 2_000;
/** How long a stop waits for a join that ends a doubt; without it some records may be sent once more. */
const JOIN_WITHIN_MS = 10_000;

/** Joins before the end, so that what is in doubt is known. Where that takes too long, or fails, it stays unknown. */
export async function joinOnceMore(group: ConsumerGroup): Promise<void> {
  await inTime(group.joinAndSync(), JOIN_WITHIN_MS, () => new Error('no answer')).catch(() => undefined);
}

/** Gives up a join that is waiting. @param ended resolves when it has come to an end by itself */
export async function giveUpJoin(group: ConsumerGroup, ended: Promise<void>, observe: Observe): Promise<void> {
  const gone = group.memberId === null ? ended : leaveWhileJoining(group);
  await inTime(gone, LEAVE_WITHIN_MS, () => new Error('no answer')).catch((error: unknown) =>
    observe({ kind: 'not_left', error }),
  );
}
