import { deck, type Random } from '../chaos/random.ts';
import type { Mood } from './gateway.ts';
import type { Member } from './member.ts';
import { drawSettings, FAULTS, GROUP, SOURCE, tiersOf, type FaultKind, type MemberSettings } from './plan.ts';
import type { World } from './world.ts';

const MOST_MEMBERS = 4;

/** Makes the faults of a plan, one after the other; what goes on for a while may overlap. */
export class Faults {
  readonly #world: World;
  readonly #random: Random;
  readonly #going = new Set<() => void>();
  #isOver = false;

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  begin(): void {
    const { faults } = this.#world.plan;
    if (faults.length === 0) return;
    const weights = Object.fromEntries(faults.map((kind) => [kind, FAULTS[kind]])) as Partial<
      Record<FaultKind, number>
    >;
    this.#next(deck(weights, this.#random));
  }

  /** Ends all that goes on; nothing more is done. */
  heal(): void {
    this.#isOver = true;
    for (const end of this.#going) end();
    this.#world.note('world', 'everything is healed');
  }

  #next(cards: Iterator<FaultKind, never>): void {
    const { least, most } = this.#world.plan.pauseMs;
    this.#world.time.after(this.#random.between(least, most), () => {
      if (this.#isOver) return;
      this.#make(cards.next().value);
      this.#next(cards);
    });
  }

  #make(kind: FaultKind): void {
    const { cluster, registry } = this.#world;
    const random = this.#random;
    switch (kind) {
      case 'kill':
        return this.#toMember(kind, (member) => {
          this.#world.kill(member);
          this.#startSoon();
        });
      case 'roll':
        return this.#toMember(kind, (member) => {
          member.stop();
          this.#startSoon();
        });
      case 'leave':
        if (this.#free().length < 2) return;
        return this.#toMember(kind, (member) => member.stop());
      case 'join':
        if (this.#world.members.length >= MOST_MEMBERS) return;
        this.#instant(kind);
        return void this.#world.start(this.#settings());
      case 'freeze':
        return this.#freeze();
      case 'cut':
        return this.#cut();
      case 'reset':
        return this.#toMember(kind, ({ process }) => {
          for (const node of random.next() < 0.5 ? this.#world.brokers : [random.pick(this.#world.brokers)])
            this.#world.network.reset(process, node);
        });
      case 'broker_stop': {
        const node = random.pick(this.#world.brokers);
        if (!this.#world.brokers.every((one) => cluster.isUp(one))) return;
        cluster.stopBroker(node, random.pick(['clean', 'kill']));
        return this.#while(kind, `broker-${node}`, random.between(500, 10_000), () => cluster.startBroker(node));
      }
      case 'leader_move': {
        this.#instant(kind);
        const tier = random.pick(['main', ...tiersOf(this.#world.plan)] as [string, ...string[]]);
        const topic = tier === 'main' ? SOURCE : `${SOURCE}.retry.${tier}`;
        return cluster.moveLeader(topic, random.between(0, this.#world.plan.partitions - 1));
      }
      case 'coordinator_move':
        this.#instant(kind);
        return cluster.moveCoordinator(GROUP);
      case 'forget_sessions':
        this.#instant(kind);
        return cluster.forgetFetchSessions(random.pick(this.#world.brokers));
      case 'throttle': {
        const longestMs = random.pick([50, 1_000]);
        cluster.throttle(() => random.between(0, longestMs));
        return this.#while(kind, 'brokers', random.between(1_000, 8_000), () => cluster.throttle(() => 0));
      }
      case 'gateway_away':
        return this.#mood(kind, 'away', random.between(500, 8_000));
      case 'refuses_everybody':
        return this.#mood(kind, 'refuses_everybody', random.between(500, 5_000));
      case 'crowded':
        return this.#mood(kind, 'crowded', random.between(1_000, 8_000));
      case 'registry_away':
        registry.isAway = true;
        return this.#while(kind, 'registry', random.between(1_000, 8_000), () => (registry.isAway = false));
    }
  }

  #freeze(): void {
    const member = this.#pick();
    if (member === undefined) return;
    const { process } = member;
    process.freeze();
    this.#while(
      'freeze',
      member.name,
      this.#random.pick([300, 3_000, 9_000, 15_000]),
      () => this.#world.time.thaw(process),
      member.name,
    );
  }

  #cut(): void {
    const member = this.#pick();
    if (member === undefined) return;
    const { network } = this.#world;
    const nodes = this.#random.next() < 0.3 ? this.#world.brokers : [this.#random.pick(this.#world.brokers)];
    for (const node of nodes) network.cut(member.process, node);
    const join = (): void => {
      for (const node of nodes) network.join(member.process, node);
    };
    this.#while('cut', `${member.name} from ${nodes.join(', ')}`, this.#random.between(500, 15_000), join, member.name);
  }

  #mood(kind: FaultKind, mood: Mood, ms: number): void {
    const { gateway } = this.#world;
    if (gateway.mood !== 'well') return;
    gateway.mood = mood;
    this.#while(kind, 'gateway', ms, () => (gateway.mood = 'well'));
  }

  /** Something goes on for a while. */
  #while(kind: FaultKind, what: string, ms: number, end: () => void, whom?: string): void {
    const { time, disturbances } = this.#world;
    this.#world.note('fault', `${kind} ${what} for ${ms} ms`);
    const over = disturbances.begin(kind, time.now, whom);
    const ends = (): void => {
      if (!this.#going.delete(ends)) return;
      end();
      over(time.now);
      this.#world.note('fault', `${kind} ${what} is over`);
    };
    this.#going.add(ends);
    time.after(ms, ends);
  }

  #instant(kind: FaultKind, whom?: string): void {
    const { time, disturbances } = this.#world;
    this.#world.note('fault', `${kind} ${whom ?? ''}`.trimEnd());
    disturbances.begin(kind, time.now, whom)(time.now);
  }

  #toMember(kind: FaultKind, act: (member: Member) => void): void {
    const member = this.#pick();
    if (member === undefined) return;
    this.#instant(kind, member.name);
    act(member);
  }

  #startSoon(): void {
    this.#world.time.after(this.#random.between(0, 4_000), () => this.#world.start(this.#settings()));
  }

  #settings(): MemberSettings {
    const { changesSettings, settings } = this.#world.plan;
    return changesSettings ? drawSettings(this.#random) : settings;
  }

  #free(): Member[] {
    return this.#world.members.filter(({ isFree }) => isFree);
  }

  #pick(): Member | undefined {
    const [first, ...others] = this.#free();
    return first && this.#random.pick([first, ...others]);
  }
}
