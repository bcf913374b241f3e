import { Partition, NO_LEADER, type Replication } from './partition.ts';

export interface Topic {
  readonly name: string;
  readonly isInternal: boolean;
  readonly partitions: Partition[];
  /** As they were set; the others are as in `topic-configs.ts`. */
  readonly configs: Map<string, string>;
}

/** How a topic is made. */
export interface NewTopic {
  readonly partitions: number;
  readonly replicas?: number;
  readonly configs?: Readonly<Record<string, string>>;
  /** The replicas of each partition, the first of them its leader. */
  readonly assignments?: readonly (readonly number[])[];
  readonly isInternal?: boolean;
}

/** The topics that there are. */
export class Topics {
  readonly #topics = new Map<string, Topic>();
  readonly #nodes: readonly number[];
  readonly #isUp: (node: number) => boolean;
  readonly #replication: Replication;
  readonly #changed: (topics: Topics) => void;
  #placed = 0;

  /** @param changed hears of every change of which topics there are and who leads them */
  constructor(
    nodes: readonly number[],
    isUp: (node: number) => boolean,
    replication: Replication,
    changed: (topics: Topics) => void,
  ) {
    this.#nodes = nodes;
    this.#isUp = isUp;
    this.#replication = replication;
    this.#changed = changed;
  }

  all(): Topic[] {
    return [...this.#topics.values()];
  }

  partitions(): Partition[] {
    return this.all().flatMap(({ partitions }) => partitions);
  }

  get(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  /** Throws where there is none. */
  named(name: string): Topic {
    const topic = this.get(name);
    if (topic === undefined) throw new Error(`there is no topic ${name}`);
    return topic;
  }

  /** Throws where there is none. */
  partitionNamed(name: string, index: number): Partition {
    const partition = this.partition(name, index);
    if (partition === undefined) throw new Error(`there is no partition ${name}:${index}`);
    return partition;
  }

  partition(name: string, index: number): Partition | undefined {
    return this.#topics.get(name)?.partitions[index];
  }

  create(name: string, { partitions, replicas, configs = {}, assignments = [], isInternal = false }: NewTopic): Topic {
    const made: Topic = { name, isInternal, partitions: [], configs: new Map(Object.entries(configs)) };
    this.#topics.set(name, made);
    const count = replicas ?? Math.min(3, this.#nodes.length);
    for (let index = 0; index < (assignments.length || partitions); index += 1) {
      this.#add(made, assignments[index] ?? this.#nextReplicas(count));
    }
    return made;
  }

  addPartitions(topic: Topic, count: number, assignments: readonly (readonly number[])[] = []): void {
    const replicas = topic.partitions[0]?.replicas.length ?? 1;
    for (const assignment of assignments) this.#add(topic, assignment);
    while (topic.partitions.length < count) this.#add(topic, this.#nextReplicas(replicas));
  }

  delete(name: string): void {
    const topic = this.#topics.get(name);
    this.#topics.delete(name);
    this.#changed(this);
    for (const partition of topic?.partitions ?? []) partition.end();
  }

  #add(topic: Topic, replicas: readonly number[]): void {
    const up = replicas.filter(this.#isUp);
    const leader = up[0] ?? NO_LEADER;
    const partition = new Partition(topic.name, topic.partitions.length, replicas, {
      ...{ leader, inSync: up.length > 0 ? up : replicas, replication: this.#replication },
      ledOtherwise: () => this.#changed(this),
    });
    topic.partitions.push(partition);
    this.#changed(this);
  }

  /** One broker after the other begins. */
  #nextReplicas(count: number): number[] {
    const first = this.#placed;
    this.#placed += 1;
    return Array.from({ length: count }, (_, at) => this.#nodes[(first + at) % this.#nodes.length] ?? 0);
  }
}
