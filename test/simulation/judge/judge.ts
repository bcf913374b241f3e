import type { SeenRequest } from '../gateway.ts';
import { DEAD_LETTERS, OUTCOMES } from '../plan.ts';
import type { Disturbances } from './disturbances.ts';
import { judgeCommitted, judgePlace, type Committed } from './places.ts';
import { Repeats } from './repeats.ts';
import { judgeRequest, type Rules } from './requests.ts';
import { Standstill, type Lane } from './standstill.ts';
import { isLate, nameOf, namesOf, Stories, tierOf, type StoredRecord, type Story } from './stories.ts';
import type { Violation } from './violations.ts';

/** What the judge holds members to, beside what holds for all. */
export interface Law extends Rules {
  /** Whether every member tells outcomes. */
  readonly isTold: boolean;
}

/** Whoever was not told that a write was made has made it anew by then. */
const WRITES_AGAIN_WITHIN_MS = 20_000;

/** Hears of everything at the moment at which it happens, and says at once what is wrong. It believes no member's word. */
export class Judge {
  readonly violations: Violation[] = [];
  readonly stories = new Stories();
  readonly #disturbances: Disturbances;
  readonly #law: Law;
  readonly #committed = new Map<string, number>();
  readonly #standstill = new Standstill();
  readonly #repeats: Repeats;

  constructor(disturbances: Disturbances, law: Law) {
    this.#disturbances = disturbances;
    this.#law = law;
    this.#repeats = new Repeats(disturbances, law.isByPartition);
  }

  readonly committed: Committed = (tier, partition) => this.#committed.get(`${tier}:${partition}`) ?? 0;

  /** Whether everything that can be read is committed. */
  isAllCommitted(lanes: readonly Lane[]): boolean {
    return lanes.every(({ tier, partition, end }) => this.committed(tier, partition) >= end);
  }

  requested(request: SeenRequest): void {
    const story = this.stories.requested(request);
    if (story === undefined) {
      this.#found('stranger', `request ${request.seq} for ${request.paymentId}`, []);
      return;
    }
    this.#standstill.moved('main', story.partition, request.at);
    for (const { tier } of story.copies) this.#standstill.moved(tier, story.partition, request.at);
    this.violations.push(...judgeRequest(request, story, this.stories, this.#disturbances, this.#law));
    this.violations.push(...this.#repeats.judge(request, story));
  }

  /** A record that a member has written. */
  appended(topic: string, partition: number, record: StoredRecord, at: number): void {
    if (tierOf(topic) === undefined && topic !== DEAD_LETTERS && topic !== OUTCOMES) return;
    const story = this.stories.appended(topic, partition, record, at);
    const place = `${tierOf(topic) ?? topic}:${partition}:${record.offset}`;
    if (story === undefined) {
      this.#found('stranger', `${place} belongs to no record of the source`, [place]);
      return;
    }
    const copy = story.copies.at(-1);
    if (tierOf(topic) === undefined || copy === undefined || !isLate(copy, story)) return;
    // A write that failed may have been made nevertheless, and is made again.
    if (at - this.#disturbances.quietSince < WRITES_AGAIN_WITHIN_MS) return;
    this.#found('doubled', `${nameOf(story)} is parked again in ${place}`, namesOf(story));
  }

  /** A member says in its log that it could not write an outcome: that tells of it as well, where something explains it. */
  unwritten(partition: number, offset: number, at: number): void {
    const story = this.stories.at('main', partition, offset);
    if (this.#disturbances.explainSilence(at)) story?.told.push({ partition: -1, offset: -1 });
  }

  /** A member has committed. */
  committedTo(topic: string, partition: number, offset: number, at: number): void {
    const tier = tierOf(topic);
    if (tier === undefined) return;
    const before = this.committed(tier, partition);
    const name = `${tier}:${partition}`;
    if (offset < before) this.#found('moved_back', `${name} from ${before} to ${offset}`, [`${name}:${offset}`]);
    if (offset === before) return;
    this.#committed.set(name, offset);
    this.#standstill.moved(tier, partition, at);
    for (let passed = before; passed < offset; passed += 1) {
      const story = this.stories.committed(tier, partition, passed, at);
      const violation = story && judgeCommitted(story, this.committed);
      if (violation !== undefined) this.violations.push(violation);
    }
  }

  /** Dead letters whose events are nowhere else, and have not been redriven yet. */
  redrivable(): Story[] {
    const isOver = ({ partition, copies }: Story): boolean =>
      copies.every(({ tier, offset }) => offset < this.committed(tier, partition));
    return this.stories.all.filter(
      (story) =>
        story.paymentId !== '' &&
        story.letters.length === 1 &&
        story.redrivenAfter === 0 &&
        story.offset < this.committed('main', story.partition) &&
        isOver(story),
    );
  }

  redriven(story: Story, { topic, ...copy }: { topic: string; offset: number; at: number; notBefore: number }): void {
    this.stories.redriven(story, { tier: tierOf(topic) ?? topic, hops: 0, attempts: 0, ...copy });
  }

  /** A retry topic was deleted, with all that waited there. */
  topicGone(tier: string): void {
    this.stories.topicGone(tier, (partition, offset) => offset >= this.committed(tier, partition));
    for (const at of this.#committed.keys()) if (at.startsWith(`${tier}:`)) this.#committed.delete(at);
  }

  /** Whether anything stands still; to be asked now and then. */
  look(lanes: readonly Lane[], now: number): void {
    this.violations.push(...this.#standstill.judge(lanes, this.committed, now, this.#disturbances.quietSince));
  }

  /** When everything has been healed and had its time. */
  atLast(): void {
    const { isTold } = this.#law;
    this.violations.push(...this.stories.all.flatMap((story) => judgePlace(story, this.committed, isTold)));
  }

  /** An error that reached nobody. */
  unhandled(who: string, error: unknown): void {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#found('unhandled', `${who}: ${detail}`, [who]);
  }

  ended(who: string, detail: string): void {
    this.#found('ended', `${who}: ${detail}`, [who]);
  }

  /** Everything is committed: nobody is to hold anything in memory. */
  holds(who: string, count: number): void {
    if (count > 0) this.#found('held_on', `${who}: ${count} keys or requests`, [who]);
  }

  /** A member had nothing more to do, and something of it was still there. */
  left(who: string, what: readonly string[]): void {
    this.#found('left_behind', `${who}: ${what.join(', ')}`, [who]);
  }

  /** It goes on, and does not come to its end. */
  endless(steps: number): void {
    this.#found('endless', `${steps} steps so far`, []);
  }

  #found(kind: Violation['kind'], detail: string, names: readonly string[]): void {
    this.violations.push({ kind, detail, names });
  }
}
