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
  readonly #whom: string | undefined;

  /**
   * @param going ends of what goes on; each leaves it when it comes
   * @param whom the member that it is best done to
   */
  constructor(world: World, number: number, kind: FaultKind, going: Set<() => void>, whom?: string) {
    this.world = world;
    this.kind = kind;
    this.random = new Random(world.plan.seed, `fault ${number}`);
    this.number = number;
    this.#going = going;
    this.#whom = whom;
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

  /** One that runs, even where it has been asked to end. */
  pickRunning(): Member | undefined {
    return this.#pick(this.world.members.filter(({ process }) => !process.isFrozen));
  }

  /** One that nobody has asked to end. */
  pickFree(): Member | undefined {
    return this.#pick(this.free);
  }

  /** The same one, whoever else is there: each has its lot by its name. */
  #pick(members: Member[]): Member | undefined {
    const lot = ({ name }: Member): number =>
      name === this.#whom ? -1 : new Random(this.world.plan.seed, `fault ${this.number} ${name}`).next();
    return members.sort((one, other) => lot(one) - lot(other))[0];
  }

  #settings(): MemberSettings {
    const { changesSettings, settings } = this.world.plan;
    return changesSettings ? drawSettings(this.random) : settings;
  }
}

/** How faults of some kinds are made. */
export type Makers<Kinds extends FaultKind> = Readonly<Record<Kinds, (fault: Fault) => void>>;
