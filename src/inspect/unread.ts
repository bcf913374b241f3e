import type { Stretch, Wanted } from './stretch.ts';
import { inWords, type Trouble } from './trouble.ts';

/** What was not read. Without a partition where not even the partitions of the topic are known. */
export interface Unread {
  readonly topic: string;
  readonly partition: number | null;
  readonly why: string;
}

interface Run {
  readonly stretch: Stretch;
  readonly from: number;
  to: number;
  readonly why: string;
}

/** Collects what was not read. */
export class UnreadList {
  readonly #unread: Unread[] = [];
  readonly #unreadable: Run[] = [];

  /** What is in trouble is not tried again. */
  givenUp(what: Wanted | Stretch, trouble: Trouble): void {
    const partition = 'partition' in what ? what.partition : null;
    this.#unread.push({ topic: what.topic, partition, why: inWords(trouble) });
  }

  /** A stretch is read as far as any reader may read it now. */
  heldBack({ topic, partition, heldBack }: Stretch): void {
    if (heldBack !== undefined) this.#unread.push({ topic, partition, why: heldBack });
  }

  /** A record of which nothing but its place is known; each partition's come in their order. */
  unreadable(stretch: Stretch, offset: number, why: string): void {
    const run = this.#unreadable.find((run) => run.stretch === stretch && run.to + 1 === offset && run.why === why);
    if (run === undefined) this.#unreadable.push({ stretch, from: offset, to: offset, why });
    else run.to = offset;
  }

  all(): Unread[] {
    const runs = this.#unreadable.map(({ stretch: { topic, partition }, from, to, why }) => {
      return { topic, partition, why: `offsets ${from} to ${to} cannot be read: ${why}` };
    });
    return [...this.#unread, ...runs].toSorted(
      (a, b) => a.topic.localeCompare(b.topic) || (a.partition ?? -1) - (b.partition ?? -1),
    );
  }
}
