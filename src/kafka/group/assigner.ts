import type { Assigner, PartitionAssigner } from 'kafkajs';
import { ASSIGNER_NAME, servable, sharePartitions, type Member, type Servable } from '../../core/assignment.ts';
import type { Topology } from '../../core/topology.ts';
import { kafkajs } from '../kafkajs/patched.ts';
import type { Cluster } from '../kafkajs/types.ts';

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;

/**
 * kafkajs writes version 1 without what that version adds, which Kafka's newer group protocol (KIP-848) cannot read. So
 * a broker lets no member of that protocol into our group, and does not let us into one of theirs: there it would share
 * the partitions itself, in another way than this one.
 */
const VERSION = 1;

/** What the assigner has to know of the topics. */
export interface TopicSet {
  readonly topology: Topology;
  /** The source and every retry topic there is, configured or not. */
  readonly read: readonly string[];
}

/** The partitions this member serves, told to the leader at the next join. */
export interface MemberClaim {
  readonly partitions: readonly number[];
  readonly generation: number;
}

/** What of the topics the cluster knows now; its metadata must have been loaded. */
export function servableNow(cluster: Cluster, { topology, read }: TopicSet): Servable {
  const { source, counterparts } = topology;
  const topics = new Set([...read, ...counterparts]);
  const counts = new Map([...topics].map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).length]));
  return servable(counts, source, read, counterparts);
}

/**
 * A sticky assigner that keeps a partition number of the source and of all retry topics in one hand.
 *
 * @param owned what this member tells of itself; asked at every try to join, which fails if this throws
 */
export function coPartitioned(topics: TopicSet, owned: () => MemberClaim): PartitionAssigner {
  return ({ cluster: own }): Assigner => {
    const cluster = own as unknown as Cluster;
    return {
      name: ASSIGNER_NAME,
      version: VERSION,
      protocol: (subscription) => ({
        name: ASSIGNER_NAME,
        metadata: MemberMetadata.encode({
          version: VERSION,
          topics: subscription.topics,
          userData: Buffer.from(JSON.stringify(owned())),
        }),
      }),
      assign: ({ members }) => {
        const { partitions } = servableNow(cluster, topics);
        const numbers = [...new Set([...partitions.values()].flat())].sort((a, b) => a - b);
        const asking = members.map(({ memberId, memberMetadata }) => ({ id: memberId, ...claim(memberMetadata) }));
        const shares = sharePartitions(numbers, asking);
        return Promise.resolve(
          [...shares].map(([memberId, share]) => ({
            memberId,
            memberAssignment: MemberAssignment.encode({
              version: VERSION,
              assignment: pick(partitions, new Set(share)),
              userData: Buffer.alloc(0),
            }),
          })),
        );
      },
    };
  };
}

const NOTHING = { owned: [], generation: -1 };

/** A member that says nothing readable owns nothing. */
function claim(metadata: Buffer): Omit<Member, 'id'> {
  try {
    const { userData } = MemberMetadata.decode(metadata) ?? {};
    const { partitions, generation } = JSON.parse(String(userData)) as Partial<MemberClaim>;
    if (!Array.isArray(partitions) || typeof generation !== 'number') return NOTHING;
    return { owned: partitions, generation };
  } catch {
    return NOTHING;
  }
}

function pick(
  partitions: ReadonlyMap<string, readonly number[]>,
  share: ReadonlySet<number>,
): Record<string, number[]> {
  return Object.fromEntries(
    [...partitions]
      .map(([topic, numbers]) => [topic, numbers.filter((number) => share.has(number))] as const)
      .filter(([, numbers]) => numbers.length > 0),
  );
}
