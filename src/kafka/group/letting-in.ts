import type { Observe } from '../../pipeline/ports.ts';
import { untilDone } from '../../pipeline/waiting.ts';
import { errorType, isUnreachable, refusalOf, UNKNOWN_TOPIC } from '../kafkajs/errors.ts';
import { kafkajs } from '../kafkajs/patched.ts';
import type { ConsumerGroup } from '../kafkajs/types.ts';
import type { TopicWatch } from './collaborators.ts';

/** Reasons not to be let in that others can mend while this member waits. */
const REFUSALS = ['INCONSISTENT_GROUP_PROTOCOL', 'GROUP_AUTHORIZATION_FAILED', 'UNKNOWN', UNKNOWN_TOPIC];

/**
 * Asks until the coordinator lets this member in. Throws what nobody mends by waiting, and `Abandoned` when `stopping` is
 * aborted between two tries.
 *
 * @param join asks once
 */
export async function untilLetIn(
  group: ConsumerGroup,
  join: () => Promise<void>,
  topics: TopicWatch,
  observe: Observe,
  stopping: AbortSignal,
): Promise<void> {
  const ask = async (): Promise<unknown> => {
    try {
      await join();
      return undefined;
    } catch (error) {
      if (errorType(error) === UNKNOWN_TOPIC) await topics.look(group.cluster);
      if (REFUSALS.includes(errorType(error) ?? '')) throw error;
      return error;
    }
  };
  const refused = (error: unknown): void => {
    // Whoever watches the topics tells which one is missing.
    if (errorType(error) === UNKNOWN_TOPIC) return;
    observe({ kind: 'join_refused', group: group.groupId, reason: refusalOf(error), error });
  };
  const failure = await untilDone(ask, refused, stopping);
  if (failure === undefined) return;
  // kafkajs starts its consumer anew for these, but not where no broker could tell who coordinates the group.
  throw isUnreachable(failure) ? new kafkajs.KafkaJSError(failure as Error) : (failure as Error);
}
