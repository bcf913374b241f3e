import type { Broker } from '../../deploy/local/broker.ts';
import type { Cluster } from '../../deploy/local/cluster.ts';
import { until } from '../support/until.ts';
import { OUTCOMES, type World } from '../support/world.ts';

/** Java's `String.hashCode`, by which a group finds its partition of `__consumer_offsets`. */
function javaHash(text: string): number {
  let hash = 0;
  for (const unit of Array.from(text, (_, at) => text.charCodeAt(at))) hash = (Math.imul(hash, 31) + unit) | 0;
  return hash;
}

/** The partition of `__consumer_offsets` whose leader coordinates the group. */
function coordinatorPartition(group: string, partitions: number): number {
  return (javaHash(group) & 0x7fff_ffff) % partitions;
}

/** The broker that coordinates the world's group now. */
export async function coordinatorOf(world: World, cluster: Cluster): Promise<Broker> {
  const { topics } = await world.admin.fetchTopicMetadata({ topics: ['__consumer_offsets'] });
  const partitions = topics[0]?.partitions ?? [];
  const at = coordinatorPartition(world.group, partitions.length);
  const leader = partitions.find(({ partitionId }) => partitionId === at)?.leader;
  const broker = cluster.brokers.find(({ id }) => id === leader);
  if (broker === undefined) throw new Error(`no broker coordinates ${world.group}`);
  return broker;
}

/** Resolves when every partition the world and its group need is led by a broker that is up. */
export async function untilLed(world: World, cluster: Cluster): Promise<void> {
  await until('every partition to have a leader', async () => {
    const running = cluster.brokers.filter(({ pid }) => pid !== undefined).map(({ id }) => id);
    const partitions = await partitionsOf(world);
    return partitions?.every(({ leader }) => running.includes(leader));
  });
}

/** Resolves when every replica is in sync again. */
export async function untilInSync(world: World): Promise<void> {
  await until('every replica to be in sync', async () => {
    const partitions = await partitionsOf(world);
    return partitions?.every(({ isr, replicas }) => isr.length === replicas.length);
  });
}

/** `undefined` while no broker answers. */
async function partitionsOf(world: World) {
  try {
    const suffixes = ['', 'dead-letter', OUTCOMES, ...(await world.topicSuffixes())];
    const topics = ['__consumer_offsets', ...suffixes.map((suffix) => world.topic(suffix))];
    return (await world.admin.fetchTopicMetadata({ topics })).topics.flatMap(({ partitions }) => partitions);
  } catch {
    return undefined;
  }
}

/**
 * How long after an instant the slowest of these partitions waited for its next request, in milliseconds; payment ids
 * are `<prefix>-<partition>-<number>`.
 *
 * @param since epoch milliseconds
 */
export async function longestWait(world: World, since: number): Promise<number> {
  const partitions = Array.from({ length: world.partitions }, (_, partition) => partition);
  const firsts = await until('every partition to send again', () => {
    const after = world.simulator.requests().filter(({ at }) => at >= since);
    const found = partitions.map((partition) =>
      after.find(({ paymentId }) => paymentId.split('-')[1] === String(partition)),
    );
    return found.every((request) => request !== undefined) && found.map(({ at }) => at);
  });
  return Math.max(...firsts) - since;
}
