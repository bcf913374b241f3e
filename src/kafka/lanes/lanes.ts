import type { KafkaRecord } from '../../core/record.ts';
import { LeftUnsettled, type Ownership } from '../../pipeline/ports.ts';
import { pause } from '../../pipeline/waiting.ts';
import type { KnownOffsets, Work } from '../group/collaborators.ts';
import type { Epoch } from '../group/epoch.ts';
import { endOfBatch, hiddenOffsets, recordsOf } from '../kafkajs/fetched.ts';
import { assignedPartitions, boundaryOffsets, partitionKey } from '../kafkajs/offsets.ts';
import type { ConsumerGroup, FetchedBatch } from '../kafkajs/types.ts';
import { CarryOver } from './carry-over.ts';
import { Committer } from './committer.ts';
import type { LanePorts, LaneSettings } from './lane-ports.ts';
import { LaneWatch, type LaneState } from './lane-watch.ts';
import { Lane } from './lane.ts';
import { LeftOpen } from './left-open.ts';
import { ParkedLearning } from './parked-learning.ts';
import { ParkedReader } from './parked-reader.ts';
import { CORRUPT_PAUSE_MS, Quarantine, type QuarantineReason } from './quarantine.ts';
import { Share } from './share.ts';
import { Standing } from './standing.ts';
import { endsTooEarly, firstReads, laneStarts } from './starts.ts';
import { WaitingRoom } from './waiting-room.ts';

/** The lanes of the partitions this member owns, made anew with each epoch and dropped with it. */
export class Lanes implements Work {
  readonly #settings: LaneSettings;
  readonly #ports: LanePorts;
  readonly #parked: ParkedReader;
  #standing: Standing | undefined;
  #lanes = new Map<string, Lane>();
  #watch: LaneWatch | undefined;
  #leftOpen: LeftOpen | undefined;
  #committer: Committer | undefined;
  readonly #carryOver: CarryOver;
  readonly #quarantine: Quarantine;
  #closing: AbortSignal = AbortSignal.abort();
  /** Records given up in this epoch although a request was sent. */
  #leftUnsettled = 0;
  /** Kept when the lanes are dropped, so that the same partitions can be asked for again. */
  #share: Share | undefined;

  constructor(settings: LaneSettings, ports: LanePorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.#quarantine = new Quarantine(ports.waits);
    this.#carryOver = new CarryOver(ports.parkedKeys);
    this.#parked = new ParkedReader(settings.topics.topology, ports.parkedKeys);
  }

  /** Partition numbers served last. */
  get owned(): readonly number[] {
    return this.#share?.owned ?? [];
  }

  /** Source partitions that are not read because a retry or dead-letter topic lacks their number. */
  get unserved(): readonly number[] {
    return this.#share?.unserved ?? [];
  }

  /** Whether partitions stand in this epoch because the leader gave them without a retry topic that they need. */
  get isIncomplete(): boolean {
    return this.#share !== undefined && this.#share.incomplete.length > 0;
  }

  get isInDoubt(): boolean {
    return this.#committer?.isInDoubt === true;
  }

  /** Makes a lane for every partition just assigned, standing at its committed offset, once all that is parked is known. */
  async open(group: ConsumerGroup, epoch: Epoch, known: KnownOffsets): Promise<void> {
    const assigned = assignedPartitions(group);
    const starts = await laneStarts(group, epoch, known, this.#carryOver);
    const { committed, earliest } = starts;
    const [{ cluster }, { observe, isWriting }] = [group, this.#ports];
    const { source } = this.#settings.topics.topology;
    const from = { starts: firstReads(starts), closing: epoch.closing };
    const learning = new ParkedLearning({ reader: this.#parked, source, observe, cluster, isWriting, ...from });
    const unknown = await learning.learn(assigned);
    [this.#closing, this.#leftUnsettled] = [epoch.closing, 0];
    const committer = (this.#committer = new Committer(group, epoch, this.#ports));
    this.#watch = new LaneWatch(cluster, this.#ports.waits, observe);
    this.#leftOpen = new LeftOpen({ cluster, groupId: group.groupId, source, closing: epoch.closing, observe });
    this.#lanes = new Map();
    const room = new WaitingRoom();
    for (const [topic, partitions] of assigned) {
      group.resume([{ topic, partitions }]);
      for (const partition of partitions) {
        const key = partitionKey(topic, partition);
        const lane = new Lane({
          topic,
          partition,
          committed: committed.get(key) ?? { offset: earliest.get(key) ?? 0, metadata: '' },
          concurrency: topic === source ? this.#settings.concurrency : 1,
          ...{ ownership: epoch, waits: this.#ports.waits, room },
          process: (record, ownership) => this.#process(record, ownership),
          onMoved: (moved) => committer.moved(moved),
          onRoom: (lane) => this.#quarantine.resume(group, lane),
          onError: this.#ports.onError,
        });
        this.#lanes.set(key, lane);
        this.#skipExpired(lane, earliest.get(key) ?? 0);
        pointAt(group, lane);
      }
    }
    const standing = (this.#standing = new Standing(group, this.#lanes.values(), this.#quarantine));
    standing.know(unknown);
    learning.learnOn(assigned, unknown, (still) => standing.know(still)).catch(() => undefined);
    const share = (this.#share = new Share(cluster, this.#settings.topics, assigned));
    standing.give(share.incomplete);
    observe({ kind: 'joined', generation: epoch.generation, partitions: Object.fromEntries(assigned) });
    observe({ kind: 'unserved', partitions: share.unserved });
  }

  /**
   * Takes a batch only if it is what the lane waits for next. Anything else was fetched before a join, or for a
   * position that is no longer ours; it is read again from where the lane stands. In a topic that may have been made
   * anew the lane stands nowhere.
   */
  take(group: ConsumerGroup, batch: FetchedBatch): void {
    this.#leftOpen?.fetched(batch);
    const { topic, partition } = batch;
    const lane = this.#lanes.get(partitionKey(topic, partition));
    const { length, corrupt } = batch.rawMessages;
    if (lane === undefined || lane.full || this.#ports.isSuspect(topic)) return;
    if (this.#quarantine.reasonOf(lane) !== undefined || (length === 0 && corrupt === undefined)) return;
    if (Number(batch.fetchedOffset) === lane.next && corrupt !== undefined) {
      this.#ports.observe({ kind: 'corrupt', topic, partition, ...corrupt });
      this.#holdFor(CORRUPT_PAUSE_MS, group, lane, 'corrupt');
    } else if (Number(batch.fetchedOffset) === lane.next) {
      this.#parked.passed(topic, partition, hiddenOffsets(batch));
      this.#hand(group, lane, recordsOf(batch), endOfBatch(batch));
    }
    pointAt(group, lane);
  }

  /** Gives a lane records that it waits for, as many as there is room for. */
  #hand(group: ConsumerGroup, lane: Lane, fetched: KafkaRecord[], next: number): void {
    const { topic, partition } = lane;
    const records = this.#parked.admit(topic, partition, fetched, next, lane.empty);
    const refused = fetched[records.length];
    const count = lane.take(records, refused?.offset ?? next);
    this.#ports.observe({ kind: 'consumed', tier: this.#settings.topics.topology.tierOf(topic), count });
    if (lane.full) group.pause([{ topic, partitions: [partition] }]);
    if (refused === undefined || lane.next < refused.offset) {
      this.#quarantine.isOver([lane]);
      return;
    }
    const error = new Error('so many events are parked that no more are read');
    this.#ports.observe({ kind: 'waiting', for: 'parked', record: refused, error });
    this.#holdFor(CORRUPT_PAUSE_MS, group, lane, 'parked_full');
  }

  #holdFor(ms: number, group: ConsumerGroup, lane: Lane, reason: QuarantineReason): void {
    this.#quarantine.hold(group, [lane], reason);
    pause(ms, this.#closing).then(
      () => this.#quarantine.release(group, [lane], reason),
      () => undefined,
    );
  }

  /** The lanes of a topic get nothing more: it may be gone, or another one under the same name. */
  standStill(topic: string): void {
    this.#standing?.standStill(topic);
  }

  /** The topic is the one that it was: its lanes go on where they stand, and commit what they have settled meanwhile. */
  goOn(topic: string): void {
    this.#standing?.goOn(topic);
    for (const lane of this.positions(topic)) this.#committer?.moved(lane);
  }

  async drain(): Promise<boolean> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.idle()));
    await this.#committer?.flushed();
    const isCommitted = [...this.#lanes.values()].every((lane) => lane.progress().offset === lane.committed);
    return isCommitted && this.#leftUnsettled === 0;
  }

  /** Forgets all lanes; their records are read again by whoever owns the partitions next. */
  closed(): void {
    this.#quarantine.isOver(this.#lanes.values());
    this.#watch?.end();
    this.#carryOver.keep(this.#lanes.values(), this.#ports.isSuspect);
    this.#lanes = new Map();
  }

  /**
   * Goes on behind records that the broker has deleted.
   *
   * @returns what is wrong, with its remedy, where the partition ends before the offset that was committed
   */
  async passExpired(group: ConsumerGroup, topic: string, partition: number): Promise<string | undefined> {
    const key = partitionKey(topic, partition);
    const at = new Map([[topic, [partition]]]);
    const [earliest, latest] = await Promise.all([
      boundaryOffsets(group.cluster, at, 'earliest'),
      boundaryOffsets(group.cluster, at, 'latest'),
    ]);
    const lane = this.#lanes.get(key);
    if (lane === undefined) return undefined;
    const end = latest.get(key) ?? 0;
    if (lane.next > end) return endsTooEarly(group.groupId, lane, end);
    this.#skipExpired(lane, earliest.get(key) ?? 0);
    pointAt(group, lane);
    return undefined;
  }

  /** Whether another set of partitions can be served than at the last join. */
  servedChanged(): boolean {
    return this.#lanes.size > 0 && this.#share?.isOutdated === true;
  }

  /** Where each lane of a topic reads next. */
  positions(topic: string): Lane[] {
    return [...this.#lanes.values()].filter((lane) => lane.topic === topic);
  }

  /** Every lane's state, with the ends of their partitions asked of the brokers. */
  async states(): Promise<LaneState[]> {
    const lanes = [...this.#lanes.values()];
    return lanes.length === 0 ? [] : ((await this.#watch?.look(lanes)) ?? []);
  }

  /** The same, with the ends as they were told last. */
  statesNow(): LaneState[] {
    return this.#watch?.seen([...this.#lanes.values()]) ?? [];
  }

  async #process(record: KafkaRecord, ownership: Ownership): Promise<void> {
    try {
      await this.#ports.process(record, ownership);
    } catch (error) {
      if (error instanceof LeftUnsettled) this.#leftUnsettled += 1;
      throw error;
    }
  }

  /** Records that the broker deleted before they were read are gone; that is told loudly, and reading goes on behind. */
  #skipExpired(lane: Lane, earliest: number): void {
    const { topic, partition, next } = lane;
    if (next >= earliest) return;
    this.#ports.observe({ kind: 'expired', topic, partition, committed: next, earliest });
    this.#parked.expired(topic, partition, earliest);
    lane.skipTo(earliest);
  }
}

/** Makes kafkajs fetch what the lane waits for; its own bookkeeping counts in records already read. */
function pointAt(group: ConsumerGroup, { topic, partition, next }: Lane): void {
  group.resolveOffset({ topic, partition, offset: String(next - 1) });
}
