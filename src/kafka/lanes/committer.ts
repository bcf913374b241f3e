import { setTimeout as sleep } from 'node:timers/promises';
import { pause, untilDone } from '../../pipeline/waiting.ts';
import { findCoordinator } from '../kafkajs/coordinator.ts';
import { errorType, isCoordinatorGone, isGenerationOver, isGivenUp, UNKNOWN_TOPIC } from '../kafkajs/errors.ts';
import type { Epoch } from '../group/epoch.ts';
import type { ConsumerGroup } from '../kafkajs/types.ts';
import type { LanePorts } from './lane-ports.ts';
import type { Lane } from './lane.ts';
import { topicOffsets, type OffsetToCommit } from '../kafkajs/offsets.ts';

const RETRY_PAUSE_MS = 200;
/** So that one request carries the fronts of several lanes. */
const SHORTEST_GATHER_MS = 5;
const LONGEST_GATHER_MS = 100;

/** What the committer asks of the outside. */
export type CommitPorts = Pick<LanePorts, 'observe' | 'isSuspect' | 'unknownTopic' | 'joinAgain'>;

/**
 * The one place of commits. One OffsetCommit is in flight at a time and carries the fronts of all lanes that moved.
 *
 * It goes out in the epoch its lanes worked in, or not at all: kafkajs' own way tries again after a rejoin, in the new
 * generation, and can so move back the offset of a new owner.
 *
 * One that was given up may still be carried out, behind all that was committed later, and would set the offset back. Where
 * another broker coordinates by then, what the one before still does counts for nothing. Where it is the same one, and
 * answers again, only the next generation keeps it out: this member joins again, and what it has settled by then is
 * committed there.
 */
export class Committer {
  readonly #group: ConsumerGroup;
  readonly #epoch: Epoch;
  readonly #ports: CommitPorts;
  readonly #moved = new Set<Lane>();
  #running: Promise<void> | undefined;
  /** Monotonic milliseconds. */
  #lastAt = Number.NEGATIVE_INFINITY;
  /** Who was asked for a commit that was given up, and when: monotonic milliseconds. */
  #unanswered: { readonly nodeId: number; readonly at: number } | undefined;

  /**
   * @param ports lanes of a topic that is suspect are told of no commit, and stand as soon as they may have nothing more
   *   uncommitted
   */
  constructor(group: ConsumerGroup, epoch: Epoch, ports: CommitPorts) {
    this.#group = group;
    this.#epoch = epoch;
    this.#ports = ports;
  }

  /** Whether the coordinator may still carry out a commit that was given up, so that no other follows. */
  get isInDoubt(): boolean {
    return this.#unanswered !== undefined && this.#group.coordinator?.nodeId === this.#unanswered.nodeId;
  }

  /** The lane has something to commit. */
  moved(lane: Lane): void {
    this.#moved.add(lane);
    this.#running ??= this.#run();
  }

  /** Resolves when everything that moved so far is committed, or may not be any more. */
  async flushed(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    await Promise.resolve();
    const { ended } = this.#epoch;
    while (this.#moved.size > 0 && !ended.aborted) {
      await this.#gather();
      if (!(await this.#isCertain())) break;
      this.#lastAt = performance.now();
      const lanes = [...this.#moved];
      this.#moved.clear();
      if (await this.#commit(lanes)) continue;
      for (const lane of lanes) this.#moved.add(lane);
      await pause(RETRY_PAUSE_MS, ended).catch(() => undefined);
    }
    this.#running = undefined;
  }

  /**
   * Lets more lanes move. A lane may have its next records out while a commit is on its way, so nothing waits for one that
   * leaves when half of the time is over that a record takes; where a lane does wait for it, it leaves at once.
   */
  async #gather(): Promise<void> {
    const restMs = (): number => {
      const gatherMs = Math.min(...[...this.#moved].map(gatherMsOf));
      return this.#epoch.closing.aborted ? 0 : this.#lastAt + gatherMs - performance.now();
    };
    for (let ms = restMs(); ms > 0; ms = restMs()) await sleep(Math.min(ms, SHORTEST_GATHER_MS));
  }

  async #commit(lanes: readonly Lane[]): Promise<boolean> {
    const progress = lanes
      .filter(({ topic }) => !this.#ports.isSuspect(topic))
      .map((lane) => ({ topic: lane.topic, partition: lane.partition, ...lane.progress() }));
    if (progress.length === 0) return true;
    try {
      await this.#write(progress);
    } catch (error) {
      this.#ports.observe({ kind: 'commit_failed', error });
      if (isGenerationOver(error) || errorType(error) === 'REBALANCE_IN_PROGRESS') this.#epoch.end();
      if (errorType(error) === UNKNOWN_TOPIC) await this.#learnWhichIsGone();
      return false;
    }
    this.#ports.observe({ kind: 'committed', offsets: progress });
    for (const { acknowledge } of progress) acknowledge();
    return true;
  }

  /** Tried again and again, the commit would be made to the topic that is there under the same name one day. */
  async #learnWhichIsGone(): Promise<void> {
    const { observe, unknownTopic } = this.#ports;
    const told = (error: unknown): void => observe({ kind: 'commit_failed', error });
    await untilDone(() => unknownTopic(this.#group), told, this.#epoch.ended).catch(() => undefined);
  }

  /** Waits until another broker coordinates, or the epoch closes, for a join that this one asks for where it answers again. */
  async #isCertain(): Promise<boolean> {
    const { closing } = this.#epoch;
    while (this.isInDoubt && !closing.aborted) {
      if (this.#epoch.renewed.monotonic > (this.#unanswered?.at ?? 0)) this.#ports.joinAgain();
      await pause(RETRY_PAUSE_MS, closing).catch(() => undefined);
    }
    return !this.isInDoubt;
  }

  async #write(progress: readonly OffsetToCommit[]): Promise<void> {
    const { groupId, memberId } = this.#group;
    const commit = {
      groupId,
      memberId: memberId ?? '',
      groupGenerationId: this.#epoch.generation,
      topics: topicOffsets(progress),
    };
    const coordinator = this.#group.coordinator ?? (await findCoordinator(this.#group));
    this.#epoch.assertHeld(false);
    try {
      await coordinator.offsetCommit(commit);
    } catch (error) {
      if (isGivenUp(error)) this.#unanswered = { nodeId: coordinator.nodeId, at: performance.now() };
      if (isCoordinatorGone(error)) await findCoordinator(this.#group);
      throw error;
    }
  }
}

function gatherMsOf({ awaitsCommit, tookMs }: Lane): number {
  return awaitsCommit ? SHORTEST_GATHER_MS : Math.min(Math.max(tookMs / 2, SHORTEST_GATHER_MS), LONGEST_GATHER_MS);
}
