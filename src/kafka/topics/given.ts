import type { Observe } from '../../pipeline/ports.ts';
import type { RejoinRequest } from '../group/collaborators.ts';
import { otherSource } from '../group/refusal.ts';
import type { ReadTopics } from './read-topics.ts';

/**
 * What the group gave this member that it does not read. A retry topic of its source it has not heard of yet: it joins again,
 * and reads that as well. Any other topic is the source of the group, which this member was to have agreed on.
 */
export class Given {
  readonly #groupId: string;
  readonly #topics: ReadTopics;
  readonly #rejoin: RejoinRequest;
  readonly #observe: Observe;
  #refusedIn: number | undefined;

  constructor(groupId: string, topics: ReadTopics, rejoin: RejoinRequest, observe: Observe) {
    this.#groupId = groupId;
    this.#topics = topics;
    this.#rejoin = rejoin;
    this.#observe = observe;
  }

  /** The last generation in which the group read another source. */
  get refusedIn(): number | undefined {
    return this.#refusedIn;
  }

  /** @param generation in which these topics were given */
  unread(topics: readonly string[], generation: number): void {
    const { topology } = this.#topics;
    const other = topics.find((topic) => topology.roleOf(topic) === 'other');
    if (other === undefined) {
      this.#topics.add(topics);
      this.#rejoin.ask();
      return;
    }
    this.#refusedIn = generation;
    const error = new Error(otherSource(other, topology.source));
    this.#observe({ kind: 'join_refused', group: this.#groupId, reason: 'other_source', error });
  }
}
