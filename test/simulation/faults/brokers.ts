import type { Operation, Resource } from '../brokers/rights.ts';
import { DEAD_LETTERS, GROUP, OUTCOMES, SOURCE, tiersOf, topicOf, type Plan } from '../plan.ts';
import type { Makers } from './fault.ts';

/** What happens to brokers, and what they let members do. */
export const BROKER_FAULTS: Makers<
  'broker_stop' | 'leader_move' | 'coordinator_move' | 'forget_sessions' | 'throttle' | 'right_taken'
> = {
  broker_stop: (fault) => {
    const { brokers, cluster } = fault.world;
    if (!brokers.every((node) => cluster.isUp(node))) return;
    const node = fault.random.pick(brokers);
    cluster.stopBroker(node, fault.random.pick(['clean', 'kill']));
    fault.lasts(fault.random.between(500, 10_000), `broker-${node}`, () => cluster.startBroker(node));
  },
  leader_move: (fault) => {
    const { plan, cluster } = fault.world;
    const topic = topicOf(fault.random.pick(['main', ...tiersOf(plan)]));
    const partition = fault.random.between(0, plan.partitions - 1);
    if (cluster.partitionCount(topic) === 0) return;
    fault.happens();
    cluster.moveLeader(topic, partition);
  },
  coordinator_move: (fault) => {
    fault.happens();
    fault.world.cluster.moveCoordinator(GROUP);
  },
  forget_sessions: (fault) => {
    fault.happens();
    fault.world.cluster.forgetFetchSessions(fault.random.pick(fault.world.brokers));
  },
  throttle: (fault) => {
    const { cluster } = fault.world;
    const longestMs = fault.random.pick([50, 1_000]);
    cluster.throttle(() => fault.random.between(0, longestMs));
    fault.lasts(fault.random.between(1_000, 8_000), 'brokers', () => cluster.throttle(() => 0));
  },
  right_taken: (fault) => {
    const { cluster, plan } = fault.world;
    const [operation, { type, name }] = fault.random.pick(rightsNeeded(plan));
    cluster.setRights(
      (_, wanted, resource) => wanted !== operation || resource.type !== type || resource.name !== name,
    );
    fault.lasts(fault.random.between(500, 10_000), `${operation} ${name}`, () => cluster.setRights(() => true));
  },
};

type Right = readonly [operation: Operation, resource: Resource];

/** What members may not go without. */
function rightsNeeded(plan: Plan): [Right, ...Right[]] {
  const topic = (name: string): Resource => ({ type: 'topic', name });
  const [first, ...others] = tiersOf(plan).map(topicOf);
  const retry = [first, ...others].flatMap((name): Right[] =>
    name === undefined
      ? []
      : [
          ['READ', topic(name)],
          ['WRITE', topic(name)],
        ],
  );
  return [
    ['READ', topic(SOURCE)],
    ['READ', { type: 'group', name: GROUP }],
    ['WRITE', topic(DEAD_LETTERS)],
    ['WRITE', topic(OUTCOMES)],
    ...retry,
  ];
}
