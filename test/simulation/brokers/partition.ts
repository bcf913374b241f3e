import { ERROR } from './error-codes.ts';
import { Log, type Appended, type AppendRules } from './log.ts';

/** No broker leads. */
export const NO_LEADER = -1;

/** How long replicas take to have what a leader appended, in milliseconds; 0 is at once. */
export type Replication = () => number;

export interface PartitionOptions {
  readonly leader: number;
  readonly inSync: readonly number[];
  readonly replication: Replication;
  readonly ledOtherwise: () => void;
}

/** How far a broker can serve readers. */
export interface Reach {
  readonly end: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
}

/**
 * One partition: who leads it, who keeps up, and its log as the leader has it. Followers have the same, up to where they are;
 * what nobody but the leader has may be lost with it.
 */
export class Partition {
  readonly topic: string;
  readonly index: number;
  readonly replicas: readonly number[];
  readonly log = new Log();
  #inSync: readonly number[];
  /** In sync as far as anybody knows, and dead: nothing is replicated until they are given up. */
  readonly #silent = new Set<number>();
  /** Not in sync: where their copies end. */
  readonly #behind = new Map<number, number>();
  /** All in-sync replicas have what stands before this. */
  #replicated = 0;
  /** As far as followers know. */
  #followersMark = 0;
  #leader: number;
  #lastLeader: number;
  #leaderEpoch = 0;
  #epochStart = 0;
  #isGone = false;
  readonly #replication: Replication;
  readonly #ledOtherwise: () => void;
  readonly #watchers = new Set<() => void>();

  /** @param ledOtherwise hears of every change of who leads and who keeps up */
  constructor(
    topic: string,
    index: number,
    replicas: readonly number[],
    { leader, inSync, replication, ledOtherwise }: PartitionOptions,
  ) {
    this.topic = topic;
    this.index = index;
    this.replicas = replicas;
    this.#inSync = inSync;
    this.#leader = leader;
    this.#lastLeader = leader;
    this.#replication = replication;
    this.#ledOtherwise = ledOtherwise;
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

  /** Whether its leader cannot say yet where its end is: it has just taken over. */
  get isEndUnknown(): boolean {
    return this.log.highWatermark < this.#epochStart;
  }

  /** Calls back after every change of what can be read or of who leads, until the returned function is called. */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => void this.#watchers.delete(changed);
  }

  append(bytes: Buffer, rules: AppendRules): Appended {
    const appended = this.log.append(bytes, this.#leaderEpoch, rules);
    if (appended.kind === 'appended') this.#replicate(appended.end);
    return appended;
  }

  /** Appends what every replica has at once, so that nothing before it can be lost either. */
  appendEverywhere(bytes: Buffer, rules: AppendRules): Appended {
    const appended = this.log.append(bytes, this.#leaderEpoch, rules);
    if (appended.kind !== 'appended') return appended;
    this.#replicated = appended.end;
    this.#followersMark = appended.end;
    this.log.replicated(appended.end);
    this.#changed();
    return appended;
  }

  /**
   * Another replica leads from now on, or none does. Of what not all replicas have yet it may have some.
   *
   * @param has how much of it: at least 0, less than 1
   */
  lead(leader: number, has: number): void {
    this.#leader = leader;
    this.#leaderEpoch += 1;
    if (leader !== NO_LEADER) {
      if (leader !== this.#lastLeader) this.#lose(has);
      this.#lastLeader = leader;
      this.#behind.delete(leader);
      this.#silent.delete(leader);
      // It knows no more than followers do, until its own followers have fetched from it.
      this.log.holdBack(this.#followersMark);
      this.#epochStart = this.log.endOffset;
      this.#replicate(this.log.endOffset);
    }
    this.#ledOtherwise();
    this.#changed();
  }

  /** A replica is dead, and nobody has noticed. */
  falls(node: number): void {
    if (!this.replicas.includes(node)) return;
    this.#behind.set(node, this.#replicated);
    if (this.#inSync.includes(node)) this.#silent.add(node);
  }

  /** A replica that keeps up no more is waited for no more. The last one stays: nobody else has everything. */
  giveUp(node: number): void {
    const left = this.#inSync.filter((one) => one !== node);
    if (left.length === 0 || left.length === this.#inSync.length) return;
    this.#silent.delete(node);
    this.#keepUp(left);
  }

  /** A replica has all that the leader has. */
  catchUp(node: number): void {
    if (!this.replicas.includes(node) || this.#leader === NO_LEADER) return;
    this.#behind.delete(node);
    this.#silent.delete(node);
    if (!this.#inSync.includes(node)) this.#keepUp([...this.#inSync, node]);
  }

  #keepUp(nodes: readonly number[]): void {
    this.#inSync = nodes;
    this.#replicate(this.log.endOffset);
    this.#ledOtherwise();
    this.#changed();
  }

  #lose(has: number): void {
    const unsure = this.log.batches.filter(({ baseOffset }) => baseOffset >= this.#replicated);
    const lost = unsure[Math.floor(has * (unsure.length + 1))];
    if (lost !== undefined) this.log.truncate(lost.baseOffset);
  }

  /** Removes records for good. @returns the first offset that is left */
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

  /** Why a broker does not serve this partition as its leader; 0 where it does. */
  refusal(node: number): number {
    if (this.#isGone) return ERROR.UNKNOWN_TOPIC_OR_PARTITION;
    return this.#leader === node ? ERROR.NONE : ERROR.NOT_LEADER_OR_FOLLOWER;
  }

  /** How far readers are served by a broker, leader or follower, who ask in a leader's epoch (-1: in any), or why not at all. */
  reachOf(node: number, leaderEpoch: number): Reach | number {
    if (this.#isGone) return ERROR.UNKNOWN_TOPIC_OR_PARTITION;
    if (!this.replicas.includes(node)) return ERROR.NOT_LEADER_OR_FOLLOWER;
    if (leaderEpoch !== -1 && leaderEpoch < this.#leaderEpoch) return ERROR.FENCED_LEADER_EPOCH;
    if (leaderEpoch > this.#leaderEpoch) return ERROR.UNKNOWN_LEADER_EPOCH;
    const { log } = this;
    if (node === this.#leader) {
      return { end: log.endOffset, highWatermark: log.highWatermark, lastStableOffset: log.lastStableOffset };
    }
    const end = this.#behind.get(node) ?? log.endOffset;
    const highWatermark = Math.min(this.#followersMark, end);
    return { end, highWatermark, lastStableOffset: log.stableBefore(highWatermark) };
  }

  /** Followers fetch, and with their next fetch they learn how far all are. */
  #replicate(end: number): void {
    const epoch = this.#leaderEpoch;
    this.#later(epoch, () => {
      if (this.#silent.size > 0) return;
      this.#replicated = Math.max(this.#replicated, Math.min(end, this.log.endOffset));
      this.log.replicated(this.#replicated);
      this.#changed();
      const mark = this.#replicated;
      if (mark <= this.#followersMark) return;
      this.#later(epoch, () => {
        this.#followersMark = Math.max(this.#followersMark, mark);
        this.#changed();
      });
    });
  }

  #later(epoch: number, then: () => void): void {
    const delay = this.#inSync.length > 1 ? this.#replication() : 0;
    if (delay <= 0) then();
    else setTimeout(() => this.#leaderEpoch === epoch && then(), delay);
  }

  #changed(): void {
    for (const changed of [...this.#watchers]) changed();
  }
}
