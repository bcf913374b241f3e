import type { ConsumerGroup } from '../kafkajs/types.ts';
import type { Lane } from './lane.ts';
import type { Unknown } from './parked-learning.ts';
import type { Quarantine, QuarantineReason } from './quarantine.ts';

const PARKED = ['parked_unread', 'parked_full'] as const;

/** Which lanes of one epoch stand for more than a moment. For the rest of it, or until what they wait for is there. */
export class Standing {
  readonly #group: ConsumerGroup;
  readonly #lanes: readonly Lane[];
  readonly #quarantine: Quarantine;
  #unknown: Unknown = new Map();
  #incomplete: readonly number[] = [];

  constructor(group: ConsumerGroup, lanes: Iterable<Lane>, quarantine: Quarantine) {
    this.#group = group;
    this.#lanes = [...lanes];
    this.#quarantine = quarantine;
  }

  /** Nothing is sent of a partition number of which not all is known that is parked. */
  know(unknown: Unknown): void {
    this.#unknown = unknown;
    for (const lane of this.#lanes) {
      if (this.#quarantine.reasonOf(lane) === 'topic_missing') continue;
      const reason = unknown.get(lane.partition);
      if (reason !== undefined) this.#quarantine.hold(this.#group, [lane], reason);
      else for (const known of PARKED) this.#goOn([lane], known);
    }
  }

  /** What would be parked of these partition numbers nobody would read. */
  give(incomplete: readonly number[]): void {
    this.#incomplete = incomplete;
    const lanes = this.#lanes.filter(({ partition }) => incomplete.includes(partition));
    this.#quarantine.hold(this.#group, lanes, 'topic_missing');
  }

  /** The lanes of a topic get nothing more: it may be gone, or another one under the same name. */
  standStill(topic: string): void {
    this.#quarantine.hold(this.#group, this.#of(topic), 'topic_missing');
  }

  /** The topic is the one that it was: its lanes go on where they stand. */
  goOn(topic: string): void {
    this.#goOn(this.#of(topic), 'topic_missing');
    this.give(this.#incomplete);
    this.know(this.#unknown);
  }

  #goOn(lanes: readonly Lane[], reason: QuarantineReason): void {
    const held = lanes.filter((lane) => this.#quarantine.reasonOf(lane) === reason);
    this.#quarantine.isOver(held);
    this.#quarantine.release(this.#group, held, reason);
  }

  #of(topic: string): Lane[] {
    return this.#lanes.filter((lane) => lane.topic === topic);
  }
}
