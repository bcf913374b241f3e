import type { Nodes } from './nodes.ts';
import type { Topics } from './topics.ts';

export interface KnownPartition {
  readonly index: number;
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
}

export interface KnownTopic {
  readonly name: string;
  readonly isInternal: boolean;
  readonly partitions: readonly KnownPartition[];
}

/** What a broker knows of the cluster. */
export interface Known {
  readonly brokers: readonly number[];
  readonly topics: ReadonlyMap<string, KnownTopic>;
}

/** What has changed in the cluster reaches each broker a while later, and never out of order. */
export class News {
  readonly #nodes: Nodes;
  readonly #newsMs: () => number;
  readonly #known = new Map<number, { readonly version: number; readonly known: Known }>();
  #version = 0;

  constructor(nodes: Nodes, newsMs: () => number) {
    this.#nodes = nodes;
    this.#newsMs = newsMs;
  }

  /** What this broker knows by now. */
  of(node: number): Known {
    return this.#known.get(node)?.known ?? NOTHING;
  }

  /** Whom this broker takes for the leader of a partition; `undefined` where it does not know of it. */
  leaderFor(node: number, topic: string, index: number): number | undefined {
    return this.of(node).topics.get(topic)?.partitions[index]?.leader;
  }

  /** Something has changed. */
  spread(topics: Topics): void {
    this.#version += 1;
    const news = { version: this.#version, known: pictureOf(this.#nodes, topics) };
    for (const node of this.#nodes.ids) {
      const hear = (): void => {
        if ((this.#known.get(node)?.version ?? 0) < news.version) this.#known.set(node, news);
      };
      const delay = this.#newsMs();
      if (delay <= 0) hear();
      else setTimeout(hear, delay);
    }
  }
}

const NOTHING: Known = { brokers: [], topics: new Map() };

function pictureOf(nodes: Nodes, topics: Topics): Known {
  const all = topics.all().map(({ name, isInternal, partitions }) => ({
    ...{ name, isInternal },
    partitions: partitions.map(({ index, leader, leaderEpoch, replicas, inSync }) => ({
      ...{ index, leader, leaderEpoch, replicas, inSync },
    })),
  }));
  return { brokers: nodes.up, topics: new Map(all.map((topic) => [topic.name, topic])) };
}
