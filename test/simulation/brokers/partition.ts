import { ERROR } from './error-codes.ts';
import { Log, type Appended, type AppendRules } from './log.ts';

/** No broker leads. */
export const NO_LEADER = -1;

/** How long replicas take to have what a leader appended, in milliseconds; 0 is at once. */
export type Replication = () => number;

/** One partition: who leads it, and its log as the leader has it. */
export class Partition {
  readonly topic: string;
  readonly index: number;
  readonly replicas: readonly number[];
  readonly log = new Log();
  #inSync: readonly number[];
  #leader: number;
  #leaderEpoch = 0;
  #isGone = false;
  readonly #replication: Replication;
  readonly #watchers = new Set<() => void>();

  constructor(topic: string, index: number, replicas: readonly number[], leader: number, replication: Replication) {
    this.topic = topic;
    this.index = index;
    this.replicas = replicas;
    this.#inSync = replicas;
    this.#leader = leader;
    this.#replication = replication;
  }

  get leader(): number {
    return this.#leader;
  }

  get leaderEpoch(): number {
    return this.#leaderEpoch;
  }

  get inSync(): readonly number[] {
    return this.#inSync;
  }

  /** Its topic was deleted. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Calls back after every change of what can be read or of who leads, until the returned function is called. */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => void this.#watchers.delete(changed);
  }

  append(bytes: Buffer, rules: AppendRules): Appended {
    const appended = this.log.append(bytes, this.#leaderEpoch, rules);
    if (appended.kind !== 'appended') return appended;
    const [end, epoch] = [appended.end, this.#leaderEpoch];
    const delay = this.#inSync.length > 1 ? this.#replication() : 0;
    const replicated = (): void => {
      if (this.#leaderEpoch !== epoch) return;
      this.log.replicated(end);
      this.#changed();
    };
    if (delay <= 0) replicated();
    else setTimeout(replicated, delay);
    return appended;
  }

  /**
   * Another replica leads from now on, or none does. Of what not all replicas have yet it may have some.
   *
   * @param has how many of the batches behind the high watermark it has: 0 none, 1 all
   */
  lead(leader: number, has: number): void {
    const { highWatermark, batches, endOffset } = this.log;
    const unsure = batches.filter(({ baseOffset }) => baseOffset >= highWatermark);
    const lost = unsure[Math.floor(has * (unsure.length + 1))];
    if (leader !== NO_LEADER && lost !== undefined) this.log.truncate(lost.baseOffset);
    this.#leader = leader;
    this.#leaderEpoch += 1;
    // What the new leader has, its followers take over from it.
    if (leader !== NO_LEADER) this.log.replicated(endOffset);
    this.#changed();
  }

  /** The replicas that keep up with the leader. */
  setInSync(nodes: readonly number[]): void {
    this.#inSync = nodes;
    this.#changed();
  }

  deleteBefore(offset: number): number {
    this.log.deleteBefore(offset);
    this.#changed();
    return this.log.startOffset;
  }

  /** The topic is deleted: whoever waits is told. */
  end(): void {
    this.#isGone = true;
    this.#changed();
  }

  /** Why a broker does not serve this partition; 0 where it does. */
  refusal(node: number, leaderEpoch = -1): number {
    if (this.#isGone) return ERROR.UNKNOWN_TOPIC_OR_PARTITION;
    if (this.#leader !== node) return ERROR.NOT_LEADER_OR_FOLLOWER;
    if (leaderEpoch === -1 || leaderEpoch === this.#leaderEpoch) return ERROR.NONE;
    return leaderEpoch < this.#leaderEpoch ? ERROR.FENCED_LEADER_EPOCH : ERROR.UNKNOWN_LEADER_EPOCH;
  }

  #changed(): void {
    for (const changed of [...this.#watchers]) changed();
  }
}
