import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from '../support/world.ts';
import type { FaultLog } from './fault-log.ts';
import type { Judgement } from './judge.ts';
import type { Load } from './load.ts';
import { violationLines, type Progress } from './tell.ts';

const BROKERS_LIMIT_MS = 3_000;

/** Counts while a run goes on, for those who watch it; the judgement does not rest on it. */
export class Watch {
  readonly #world: World;
  readonly #load: Load;
  readonly #faults: FaultLog;
  #counted = 0;
  #delivered = 0;
  #refused = 0;
  #topics = { parked: 0, dead: 0 };
  #asking: Promise<void> | undefined;
  #violations: number | undefined;
  readonly #told = new Set<string>();

  constructor(world: World, load: Load, faults: FaultLog) {
    this.#world = world;
    this.#load = load;
    this.#faults = faults;
  }

  /** Records with a verdict, about. */
  finished(): number {
    this.#count();
    return this.#delivered + this.#refused;
  }

  /** @returns what the looks before have not found, in words */
  judged(judgement: Judgement): string[] {
    this.#violations = judgement.violations.length;
    const news = violationLines(judgement).filter((line) => !this.#told.has(line));
    for (const line of news) this.#told.add(line);
    return news;
  }

  async progress(leftMs: number, rebalances: number): Promise<Progress> {
    this.#count();
    // While brokers are away the answer comes late: the last one is shown meanwhile.
    this.#asking ??= this.#askTopics()
      .catch(() => undefined)
      .finally(() => (this.#asking = undefined));
    await Promise.race([this.#asking, sleep(BROKERS_LIMIT_MS)]);
    return {
      leftMs,
      rebalances,
      written: this.#load.written,
      delivered: this.#delivered,
      refused: this.#refused,
      ...this.#topics,
      kills: this.#faults.count('kill'),
      violations: this.#violations,
    };
  }

  #count(): void {
    const requests = this.#world.simulator.requests();
    for (; requests[this.#counted]?.settled === true; this.#counted += 1) {
      const answered = requests[this.#counted]?.answered;
      if (answered === 'S SUCCESS') this.#delivered += 1;
      else if (answered === 'F PROCESS_FAIL') this.#refused += 1;
    }
  }

  async #askTopics(): Promise<void> {
    const sum = (offsets: readonly number[]): number => offsets.reduce((total, offset) => total + offset, 0);
    let parked = 0;
    for (const suffix of await this.#world.topicSuffixes()) {
      const ends = await this.#world.admin.fetchTopicOffsets(this.#world.topic(suffix));
      const committed = await this.#world.committed(suffix);
      parked += sum(ends.map(({ partition, high }) => Number(high) - Math.max(0, committed.get(partition) ?? 0)));
    }
    const letters = await this.#world.admin.fetchTopicOffsets(this.#world.topic('dead-letter'));
    this.#topics = { parked, dead: sum(letters.map(({ high }) => Number(high))) };
  }
}
