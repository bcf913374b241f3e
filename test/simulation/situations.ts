import kafkajs from 'kafkajs';
import type { Assigned } from './brokers/facts.ts';
import { STAGES, stageOf, type Stage } from './judge/stages.ts';
import type { Story } from './judge/stories.ts';
import { FAULTS, SOURCE, type FaultKind } from './plan.ts';

/** How a member stands to its group, as the brokers see it. */
export const STANDINGS = ['starting', 'rebalancing', 'serving', 'put out', 'stopping'] as const;
type Standing = (typeof STANDINGS)[number];

/** What a member had in hand when something was done: a record in one of its stages, or nothing. */
export const HANDS = [...STAGES, 'nothing'] as const;
type Hand = Stage | 'nothing';

/** A fault that met a member in this standing and with this in hand: `kill, serving, retry in flight`. */
export function situation(fault: FaultKind, standing: Standing, hand: Hand): string {
  return [fault, standing, hand].join(', ');
}

export const FAULT_KINDS = Object.keys(FAULTS) as FaultKind[];

/** A member as the world has it. */
interface Present {
  readonly name: string;
  readonly wasAsked: boolean;
}

/** Counts in which situations the faults of one world have met its members. */
export class Situations {
  readonly counts: Record<string, number> = {};
  /** The partitions of each member of the last generation. */
  #owned = new Map<string, readonly number[]>();
  readonly #hasServed = new Set<string>();

  /** A generation has begun. */
  stabilized(members: readonly Assigned[]): void {
    this.#owned = new Map(members.map(({ clientId, assignment }) => [clientId, partitionsIn(assignment)]));
    for (const { clientId } of members) this.#hasServed.add(clientId);
  }

  /** A member is out of the group. */
  gone(name: string): void {
    this.#owned.delete(name);
  }

  /** @param met whom the fault met: one member, or all of them */
  note(fault: FaultKind, met: readonly Present[], isStable: boolean, stories: readonly Story[], now: number): void {
    for (const member of met) {
      const standing = this.#standingOf(member, isStable);
      // Who owns nothing meets what the others have in hand.
      const owned = this.#owned.get(member.name);
      const own = stories.filter(({ partition }) => owned === undefined || owned.includes(partition));
      const hands = new Set(own.flatMap((story) => stageOf(story, now) ?? []));
      for (const hand of hands.size === 0 ? (['nothing'] as const) : hands) {
        const name = situation(fault, standing, hand);
        this.counts[name] = (this.counts[name] ?? 0) + 1;
      }
    }
  }

  #standingOf({ name, wasAsked }: Present, isStable: boolean): Standing {
    if (wasAsked) return 'stopping';
    if (!this.#hasServed.has(name)) return 'starting';
    if (!this.#owned.has(name)) return 'put out';
    return isStable ? 'serving' : 'rebalancing';
  }
}

function partitionsIn(assignment: Buffer): readonly number[] {
  const decoded = assignment.length === 0 ? null : kafkajs.AssignerProtocol.MemberAssignment.decode(assignment);
  return decoded?.assignment[SOURCE] ?? [];
}
