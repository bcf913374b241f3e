import type { SeenRequest } from '../gateway.ts';
import type { Disturbance, Disturbances } from './disturbances.ts';
import { heardVerdict, isLate, nameOf, namesOf, newestCopy, placesOf, type Story } from './stories.ts';
import type { Violation, ViolationKind } from './violations.ts';

/** How many records of a lane one disturbance may have sent again: the one in flight, and the one whose commit was on its way. */
const MOST_OF_A_LANE = 2;
/** By key: those in flight, and as many whose commit was on its way. */
const MOST_OF_A_LANE_BY_KEY = 32;

/** Watches for what is sent again though its verdict was heard. */
export class Repeats {
  readonly #disturbances: Disturbances;
  readonly #most: number;
  /** By disturbance and lane. */
  readonly #counts = new Map<Disturbance, Map<string, number>>();

  constructor(disturbances: Disturbances, isByPartition: boolean) {
    this.#disturbances = disturbances;
    this.#most = isByPartition ? MOST_OF_A_LANE : MOST_OF_A_LANE_BY_KEY;
  }

  /** What is wrong with sending this at all; its story has it already. */
  judge(request: SeenRequest, story: Story): Violation[] {
    const tell = (kind: ViolationKind, detail: string): Violation[] => [
      { kind, detail: `request ${request.seq} for ${nameOf(story)}: ${detail}`, names: namesOf(story) },
    ];
    if (!story.isLost && placesOf(story).every(({ committedAt = Infinity }) => committedAt < request.sentAt)) {
      return tell('after_commit', 'it waits nowhere any more');
    }
    const before = story.requests.slice(story.redrivenAfter, -1);
    const ended = before.find((one) => heardVerdict(one));
    if (ended === undefined) return [];
    const causes = [
      ...before.flatMap((one) => {
        const to = Math.min(committedFrom(one, story), request.sentAt);
        return this.#disturbances.thatLost(one.from.name, one.sentAt, to);
      }),
      ...story.copies.filter((copy) => isLate(copy, story)).flatMap(({ at }) => this.#disturbances.thatDelayed(at)),
    ];
    if (causes.length === 0) {
      return tell('repeat', `request ${ended.seq} was answered ${ended.answered}, and ${ended.from.name} heard it`);
    }
    const lane = `${newestCopy(story, request.sentAt)?.tier ?? 'main'}:${story.partition}`;
    const count = this.#count(causes, lane);
    return count > this.#most ? tell('too_many_repeats', `${count} of ${lane} after one disturbance`) : [];
  }

  /** Counts it for that of its causes that has the fewest. @returns how many that are */
  #count(causes: readonly Disturbance[], lane: string): number {
    const counts = causes.map((cause) => this.#countsOf(cause)).sort((a, b) => (a.get(lane) ?? 0) - (b.get(lane) ?? 0));
    const count = (counts[0]?.get(lane) ?? 0) + 1;
    counts[0]?.set(lane, count);
    return count;
  }

  #countsOf(cause: Disturbance): Map<string, number> {
    const counts = this.#counts.get(cause) ?? new Map<string, number>();
    this.#counts.set(cause, counts);
    return counts;
  }
}

/** When what came of a request was safe: no disturbance after that explains that it was sent again. */
function committedFrom({ sentAt }: SeenRequest, story: Story): number {
  const times = placesOf(story).map(({ committedAt = Infinity }) => committedAt);
  return Math.min(...times.filter((at) => at >= sentAt));
}
