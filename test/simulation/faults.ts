import { deck, type Random } from '../chaos/random.ts';
import type { Mood } from './gateway.ts';
import type { Member } from './member.ts';
import { drawSettings, FAULTS, GROUP, tiersOf, topicOf, type FaultKind, type MemberSettings } from './plan.ts';
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
      this.#make[cards.next().value]();
      this.#next(cards);
    });
  }

  /** How each kind is made. */
  readonly #make: Readonly<Record<FaultKind, () => void>> = {
    kill: () =>
      this.#toMember('kill', (member) => {
        this.#world.kill(member);
        this.#startSoon();
      }),
    roll: () =>
      this.#toMember('roll', (member) => {
        member.stop();
        this.#startSoon();
      }),
    leave: () => {
      if (this.#free().length > 1) this.#toMember('leave', (member) => member.stop());
    },
    join: () => {
      if (this.#world.members.length >= MOST_MEMBERS) return;
      this.#instant('join');
      this.#world.start(this.#settings());
    },
    freeze: () => this.#freeze(),
    cut: () => this.#cut(),
    reset: () =>
      this.#toMember('reset', ({ process }) => {
        const { brokers, network } = this.#world;
        const nodes = this.#random.next() < 0.5 ? brokers : [this.#random.pick(brokers)];
        for (const node of nodes) network.reset(process, node);
      }),
    broker_stop: () => {
      const { brokers, cluster } = this.#world;
      if (!brokers.every((node) => cluster.isUp(node))) return;
      const node = this.#random.pick(brokers);
      cluster.stopBroker(node, this.#random.pick(['clean', 'kill']));
      const ms = this.#random.between(500, 10_000);
      this.#while('broker_stop', `broker-${node}`, ms, () => cluster.startBroker(node));
    },
    leader_move: () => {
      const { plan, cluster } = this.#world;
      this.#instant('leader_move');
      const tier = this.#random.pick(['main', ...tiersOf(plan)]);
      cluster.moveLeader(topicOf(tier), this.#random.between(0, plan.partitions - 1));
    },
    coordinator_move: () => {
      this.#instant('coordinator_move');
      this.#world.cluster.moveCoordinator(GROUP);
    },
    forget_sessions: () => {
      this.#instant('forget_sessions');
      this.#world.cluster.forgetFetchSessions(this.#random.pick(this.#world.brokers));
    },
    throttle: () => {
      const { cluster } = this.#world;
      const longestMs = this.#random.pick([50, 1_000]);
      cluster.throttle(() => this.#random.between(0, longestMs));
      this.#while('throttle', 'brokers', this.#random.between(1_000, 8_000), () => cluster.throttle(() => 0));
    },
    gateway_away: () => this.#mood('away', 'gateway_away', this.#random.between(500, 8_000)),
    refuses_everybody: () => this.#mood('refuses_everybody', 'refuses_everybody', this.#random.between(500, 5_000)),
    crowded: () => this.#mood('crowded', 'crowded', this.#random.between(1_000, 8_000)),
    registry_away: () => {
      const { registry } = this.#world;
      registry.isAway = true;
      this.#while('registry_away', 'registry', this.#random.between(1_000, 8_000), () => (registry.isAway = false));
    },
  };

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

  #mood(mood: Mood, kind: FaultKind, ms: number): void {
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
