import type { AllParkedKeys } from '../../pipeline/all-parked-keys.ts';
import type { Epoch } from '../group/epoch.ts';
import { partitionKey, type Committed } from '../kafkajs/offsets.ts';
import type { ConsumerGroup } from '../kafkajs/types.ts';
import type { Lane } from './lane.ts';

/**
 * What the lanes of an epoch leave to the next one: how far they were settled when it ended, and what they knew to be
 * parked. Where its last commit may not have been made, or not be the last one, the first counts more than what the brokers
 * say.
 *
 * Both count in the generation that follows directly, for the partitions that the same member still has: nobody else can
 * have had them in between. Whoever had may have committed to a retry topic made anew, so that nobody sees that it was.
 */
export class CarryOver {
  readonly #positions = new Map<string, Committed>();
  readonly #parkedKeys: Pick<AllParkedKeys, 'keep'>;
  #memberId: string | null = null;
  #generation = -1;

  constructor(parkedKeys: Pick<AllParkedKeys, 'keep'>) {
    this.#parkedKeys = parkedKeys;
  }

  /** The epoch of these lanes has ended. A topic that is suspect may be another one by the next. */
  keep(lanes: Iterable<Lane>, isSuspect: (topic: string) => boolean): void {
    for (const lane of lanes) {
      const at = partitionKey(lane.topic, lane.partition);
      if (isSuspect(lane.topic)) this.#positions.delete(at);
      else this.#positions.set(at, lane.progress());
    }
  }

  /**
   * Where the lanes of an epoch begin.
   *
   * @param known what the group has committed of what is assigned, by `partitionKey`; what it has nothing of was made anew
   */
  into(
    { memberId }: ConsumerGroup,
    { generation }: Epoch,
    known: ReadonlyMap<string, Committed>,
  ): Map<string, Committed> {
    const follows = memberId === this.#memberId && [0, 1].includes(generation - this.#generation);
    if (!follows) this.#parkedKeys.keep([]);
    for (const at of this.#positions.keys()) if (!follows || !known.has(at)) this.#positions.delete(at);
    [this.#memberId, this.#generation] = [memberId, generation];
    return new Map([...known].map(([at, own]) => [at, further(own, this.#positions.get(at))] as const));
  }
}

/** At one offset there may be more settled past it than was committed with it. */
function further(known: Committed, settled: Committed | undefined): Committed {
  if (settled === undefined || settled.offset < known.offset) return known;
  return settled.offset === known.offset && settled.metadata === known.metadata ? known : settled;
}
