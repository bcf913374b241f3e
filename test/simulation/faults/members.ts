import { APIS } from '../brokers/messages/apis.ts';
import type { Member } from '../member.ts';
import { WallClock } from '../processes.ts';
import type { Fault, Makers } from './fault.ts';

const MOST_MEMBERS = 4;
const FROZEN_MS = [300, 3_000, 9_000, 15_000] as const;
/** Also longer than a third of a session, after which a coordinator is hung up on, and than a whole one. */
const LATE_MS = [300, 1_500, 4_000, 12_000, 25_000] as const;
/** What brokers take no records beyond is an hour ahead. */
const STEPS_MS = [-3_600_000, -20_000, 1_500, 20_000, 1_800_000, 7_200_000] as const;
/** Milliseconds a millisecond. */
const DRIFTS = [-0.5, -0.02, 0.02, 0.5] as const;

/** What happens to members and their machines. */
export const MEMBER_FAULTS: Makers<
  | 'kill'
  | 'roll'
  | 'leave'
  | 'join'
  | 'freeze'
  | 'cut'
  | 'reset'
  | 'late_write'
  | 'late_commit'
  | 'clock_step'
  | 'clock_drift'
> = {
  kill: (fault) =>
    toMember(fault, fault.pickRunning(), (member) => {
      fault.world.kill(member);
      fault.startSoon();
    }),
  roll: (fault) =>
    toMember(fault, fault.pickFree(), (member) => {
      member.stop();
      fault.startSoon();
    }),
  leave: (fault) => {
    if (fault.free.length > 1) toMember(fault, fault.pickFree(), (member) => member.stop());
  },
  join: (fault) => {
    if (fault.world.members.length >= MOST_MEMBERS) return;
    fault.happens();
    fault.start();
  },
  freeze: (fault) =>
    withRunning(fault, (member) => {
      const { process } = member;
      process.freeze();
      fault.lasts(fault.random.pick(FROZEN_MS), member.name, () => fault.world.time.thaw(process), member);
    }),
  cut: (fault) =>
    withRunning(fault, (member) => {
      const { brokers, network } = fault.world;
      const nodes = fault.random.next() < 0.3 ? brokers : [fault.random.pick(brokers)];
      for (const node of nodes) network.cut(member.process, node);
      const join = (): void => {
        for (const node of nodes) network.join(member.process, node);
      };
      fault.lasts(fault.random.between(500, 15_000), `${member.name} from ${nodes.join(', ')}`, join, member);
    }),
  reset: (fault) =>
    toMember(fault, fault.pickRunning(), ({ process }) => {
      const { brokers, network } = fault.world;
      const nodes = fault.random.next() < 0.5 ? brokers : [fault.random.pick(brokers)];
      for (const node of nodes) network.reset(process, node);
    }),
  late_write: (fault) => comesLate(fault, 'Produce'),
  late_commit: (fault) => comesLate(fault, 'OffsetCommit'),
  clock_step: (fault) => setsClock(fault, { stepMs: fault.random.pick(STEPS_MS), drift: 0 }),
  clock_drift: (fault) => setsClock(fault, { stepMs: 0, drift: fault.random.pick(DRIFTS) }),
};

/** The clock of a machine goes wrong, and is set right later. */
function setsClock(fault: Fault, { stepMs, drift }: { readonly stepMs: number; readonly drift: number }): void {
  withRunning(fault, (member) => {
    const { time } = fault.world;
    const { process } = member;
    process.clock = new WallClock(time.now, process.clock.shows(time.now) - time.now + stepMs, drift);
    const by = drift === 0 ? `${stepMs} ms` : `${drift * 1_000} ms a second`;
    fault.lasts(
      fault.random.between(1_000, 20_000),
      `${member.name} by ${by}`,
      () => (process.clock = new WallClock()),
      member,
    );
  });
}

/** What a member has just asked, or the answer to it; whatever it asks on other connections overtakes it. */
function comesLate(fault: Fault, name: 'Produce' | 'OffsetCommit'): void {
  withRunning(fault, (member) => {
    const direction = fault.random.pick(['out', 'in'] as const);
    const ms = fault.random.pick(LATE_MS);
    const release = fault.world.network.delay(member.process, APIS[name].key, direction);
    if (release !== undefined) fault.lasts(ms, `${member.name} ${direction}`, release, member);
  });
}

function withRunning(fault: Fault, act: (member: Member) => void): void {
  const member = fault.pickRunning();
  if (member !== undefined) act(member);
}

function toMember(fault: Fault, member: Member | undefined, act: (member: Member) => void): void {
  if (member === undefined) return;
  fault.happens(member);
  act(member);
}
