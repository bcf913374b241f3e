import { findCoordinator, hangUp } from '../kafkajs/coordinator.ts';
import { errorType, isCoordinatorGone, isGenerationOver, NoAnswer } from '../kafkajs/errors.ts';
import type { ConsumerGroup } from '../kafkajs/types.ts';
import { instant, type Epoch } from './epoch.ts';
import { inTime } from './in-time.ts';

/**
 * Heartbeats on a timer of our own: kafkajs sends its from the fetch loop and decides by the wall clock, so that a
 * clock stepped back by an hour means none for an hour.
 *
 * A coordinator that is silent for a third of the session is hung up on, and looked for again: where it is frozen or out of
 * reach, another broker takes the group over, and waiting for the first one would cost the whole session.
 */
export class Heartbeats {
  readonly #sessionTimeoutMs: number;
  readonly #onAnswer: () => void;
  #timer: NodeJS.Timeout | undefined;
  #isWaiting = false;

  constructor(sessionTimeoutMs: number, onAnswer: () => void) {
    this.#sessionTimeoutMs = sessionTimeoutMs;
    this.#onAnswer = onAnswer;
  }

  /** Beats for this epoch, and for no other, until `stop`. */
  start(group: ConsumerGroup, epoch: Epoch): void {
    this.stop();
    this.#timer = setInterval(() => {
      if (this.#isWaiting) return;
      this.#isWaiting = true;
      this.beat(group, epoch)
        .catch(() => undefined)
        .finally(() => (this.#isWaiting = false));
    }, this.#sessionTimeoutMs / 10);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Renews the epoch, or ends it where the coordinator says that its generation is over. Throws where it has not been renewed. */
  async beat(group: ConsumerGroup, epoch: Epoch): Promise<void> {
    const { coordinator, groupId, memberId } = group;
    if (coordinator === null || memberId === null) return;
    const written = instant();
    try {
      await this.#inTime(coordinator.heartbeat({ groupId, memberId, groupGenerationId: epoch.generation }));
      epoch.renew(written);
      group.lastRequest = Date.now();
      this.#onAnswer();
    } catch (error) {
      if (error instanceof NoAnswer) hangUp(coordinator);
      if (isCoordinatorGone(error)) {
        // Nothing that a join would mend. kafkajs' own heartbeat would fail as well, and give up its consumer for it.
        group.lastRequest = Date.now();
        await this.#inTime(findCoordinator(group));
        throw error;
      }
      // kafkajs' own next heartbeat finds out at once, and joins again.
      group.lastRequest = 0;
      if (errorType(error) === 'REBALANCE_IN_PROGRESS') {
        epoch.renew(written);
        return;
      }
      if (isGenerationOver(error)) epoch.end();
      throw error;
    }
  }

  #inTime<T>(answer: Promise<T>): Promise<T> {
    return inTime(answer, this.#sessionTimeoutMs / 3, () => new NoAnswer('the coordinator is silent'));
  }
}
