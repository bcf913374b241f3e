import type { News } from './news.ts';
import type { Nodes } from './nodes.ts';
import { NO_LEADER, type Partition } from './partition.ts';
import type { Settings } from './settings.ts';
import type { Topics } from './topics.ts';

/** What elections decide on. */
interface Electorate {
  readonly nodes: Nodes;
  readonly topics: Topics;
  readonly news: News;
  readonly settings: Settings;
  /** At least 0 and less than 1. */
  readonly random: () => number;
}

/** Brokers that go and come back, and who leads the partitions meanwhile. */
export class Elections {
  readonly #all: Electorate;
  readonly #pending = new Map<number, NodeJS.Timeout>();

  constructor(all: Electorate) {
    this.#all = all;
  }

  /** Another in-sync replica leads, drawn where it is not named; where there is none, nothing changes. */
  move(partition: Partition, to?: number): void {
    const { nodes, random } = this.#all;
    const able = partition.inSync.filter((node) => nodes.isUp(node) && node !== partition.leader);
    const leader = to ?? able[Math.floor(random() * able.length)];
    if (leader !== undefined && able.includes(leader)) partition.lead(leader, random());
  }

  /** `clean` hands its partitions over before it goes; after a `kill` others notice first that it is gone. */
  stop(node: number, how: 'clean' | 'kill'): void {
    const { nodes, topics, settings } = this.#all;
    if (!nodes.isUp(node)) return;
    const led = topics.partitions().filter(({ leader }) => leader === node);
    if (how === 'clean') for (const partition of led) this.move(partition);
    nodes.stop(node);
    for (const partition of topics.partitions()) partition.falls(node);
    this.#after(node, how === 'clean' ? 0 : settings.failoverMs(), () => this.#failOver(node));
  }

  /**
   * It leads nothing at first but what nobody else could, and catches up with the others. Where nobody had noticed yet that
   * it was gone, it is noticed now.
   */
  start(node: number): void {
    const { nodes, topics, news, settings, random } = this.#all;
    if (nodes.isUp(node)) return;
    this.#failOver(node);
    nodes.start(node);
    news.spread(topics);
    for (const partition of topics.partitions()) {
      if (partition.leader !== NO_LEADER || !partition.inSync.includes(node)) continue;
      partition.lead(node, random());
      for (const other of partition.inSync) if (!nodes.isUp(other)) partition.giveUp(other);
    }
    this.#after(node, settings.catchUpMs(), () => {
      for (const partition of topics.partitions()) partition.catchUp(node);
    });
  }

  /** Others take over what it led; it is in sync no more where anybody else is. */
  #failOver(node: number): void {
    const { topics, news } = this.#all;
    news.spread(topics);
    for (const partition of topics.partitions()) {
      if (partition.leader === node) this.move(partition);
      if (partition.leader === node) partition.lead(NO_LEADER, 0);
      if (partition.leader !== NO_LEADER) partition.giveUp(node);
    }
  }

  /** What comes of a broker's last stop or start; the next one comes instead of it. */
  #after(node: number, delay: number, then: () => void): void {
    clearTimeout(this.#pending.get(node));
    if (delay <= 0) then();
    else this.#pending.set(node, setTimeout(then, delay));
  }
}
