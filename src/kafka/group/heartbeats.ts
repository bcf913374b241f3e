import { findCoordinator } from '../kafkajs/coordinator.ts';
import { errorType, isCoordinatorGone, isGenerationOver } from '../kafkajs/errors.ts';
import type { ConsumerGroup } from '../kafkajs/types.ts';
import { instant, type Epoch } from './epoch.ts';

/**
 * Heartbeats on a timer of our own: kafkajs sends its from the fetch loop and decides by the wall clock, so that a
 * clock stepped back by an hour means none for an hour.
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
      await coordinator.heartbeat({ groupId, memberId, groupGenerationId: epoch.generation });
      epoch.renew(written);
      group.lastRequest = Date.now();
      this.#onAnswer();
    } catch (error) {
      if (isCoordinatorGone(error)) {
        // Nothing that a join would mend. kafkajs' own heartbeat would fail as well, and give up its consumer for it.
        group.lastRequest = Date.now();
        await findCoordinator(group);
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
}
