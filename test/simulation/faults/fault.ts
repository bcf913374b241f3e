import { Random } from '../../chaos/random.ts';
import type { Member } from '../member.ts';
import { drawSettings, type FaultKind, type MemberSettings } from '../plan.ts';
import type { World } from '../world.ts';

/** One fault of a world, before it is made. What it chooses depends on its number, and on no other fault. */
export class Fault {
  readonly kind: FaultKind;
  readonly world: World;
  readonly random: Random;
  readonly number: number;
  readonly #going: Set<() => void>;

  /** @param going ends of what goes on; each leaves it when it comes */
  constructor(world: World, number: number, kind: FaultKind, going: Set<() => void>) {
    this.world = world;
    this.kind = kind;
    this.random = new Random(world.plan.seed, `fault ${number}`);
    this.number = number;
    this.#going = going;
  }

  /** It happens, and is over. @param whom the member that it concerns; all, where it is absent */
  happens(whom?: Member): void {
    const { time, disturbances } = this.world;
    this.world.note('fault', `${this.kind} ${whom?.name ?? ''}`.trimEnd());
    disturbances.begin(this.kind, time.now, whom?.name)(time.now);
  }

  /** It has begun, and goes on for so many milliseconds, or until all is healed. */
  lasts(ms: number, what: string, end: () => void, whom?: Member): void {
    this.#going.add(this.takes(ms, what, end, whom));
  }

  /** It has begun, and goes on for so many milliseconds. @returns ends it earlier */
  takes(ms: number, what: string, end: () => void, whom?: Member): () => void {
    const { time, disturbances } = this.world;
    this.world.note('fault', `${this.kind} ${what} for ${ms} ms`);
    const over = disturbances.begin(this.kind, time.now, whom?.name);
    let isOver = false;
    const ends = (): void => {
      if (isOver) return;
      isOver = true;
      this.#going.delete(ends);
      end();
      over(time.now);
      this.world.note('fault', `${this.kind} ${what} is over`);
    };
    time.after(ms, ends);
    return ends;
  }

  /** A fault starts one member at most. */
  start(): void {
    const { plan } = this.world;
    this.world.start(plan.members + this.number, this.#settings());
  }

  startSoon(): void {
    this.world.time.after(this.random.between(0, 4_000), () => this.start());
  }

  /** Members that run, and that nobody has asked to end. */
  get free(): Member[] {
    return this.world.members.filter(({ isFree }) => isFree);
  }

  /** The same one, whoever else is there: each has its lot by its name. */
  pickMember(): Member | undefined {
    const lot = ({ name }: Member): number => new Random(this.world.plan.seed, `fault ${this.number} ${name}`).next();
    return this.free.sort((one, other) => lot(one) - lot(other))[0];
  }

  #settings(): MemberSettings {
    const { changesSettings, settings } = this.world.plan;
    return changesSettings ? drawSettings(this.random) : settings;
  }
}

/** How faults of some kinds are made. */
export type Makers<Kinds extends FaultKind> = Readonly<Record<Kinds, (fault: Fault) => void>>;
