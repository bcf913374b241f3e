import { Random } from '../chaos/random.ts';
import type { Mood } from './gateway.ts';
import type { Member } from './member.ts';
import { drawSettings, GROUP, tiersOf, topicOf, type FaultKind, type MemberSettings } from './plan.ts';
import type { World } from './world.ts';

const MOST_MEMBERS = 4;

/** One fault of a world. What it chooses depends on its number, and on no other fault. */
export class Fault {
  readonly #world: World;
  readonly #number: number;
  readonly #random: Random;
  readonly #going: Set<() => void>;

  /** @param going ends of what goes on; each leaves it when it comes */
  constructor(world: World, number: number, going: Set<() => void>) {
    this.#world = world;
    this.#number = number;
    this.#random = new Random(world.plan.seed, `fault ${number}`);
    this.#going = going;
  }

  make(kind: FaultKind): void {
    this.#make[kind]();
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
      this.#start();
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
    this.#world.time.after(this.#random.between(0, 4_000), () => this.#start());
  }

  /** A fault starts one member at most. */
  #start(): void {
    const { plan } = this.#world;
    this.#world.start(plan.members + this.#number, this.#settings());
  }

  #settings(): MemberSettings {
    const { changesSettings, settings } = this.#world.plan;
    return changesSettings ? drawSettings(this.#random) : settings;
  }

  #free(): Member[] {
    return this.#world.members.filter(({ isFree }) => isFree);
  }

  /** The same one, whoever else is there: each has its lot by its name. */
  #pick(): Member | undefined {
    const lot = ({ name }: Member): number => new Random(this.#world.plan.seed, `fault ${this.#number} ${name}`).next();
    return this.#free().sort((one, other) => lot(one) - lot(other))[0];
  }
}
