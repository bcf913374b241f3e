import type { Assigner, PartitionAssigner } from 'kafkajs';
import {
  agree,
  ASSIGNER_NAME,
  servable,
  sharePartitions,
  type Agreement,
  type Member,
  type Servable,
} from '../../core/assignment.ts';
import type { Topology } from '../../core/topology.ts';
import { learnTopics } from '../kafkajs/metadata.ts';
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
  return servableOf(cluster, topology.source, read, topology.counterparts);
}

function servableOf(
  cluster: Cluster,
  source: string,
  read: readonly string[],
  counterparts: readonly string[],
): Servable {
  const topics = new Set([...read, ...counterparts]);
  const counts = new Map([...topics].map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).length]));
  return servable(counts, source, read, counterparts);
}

/**
 * A sticky assigner that keeps a partition number of the source and of all retry topics in one hand. Members tell which
 * topics they read and need, and the leader shares out all of them, also those that it does not know itself.
 *
 * A member that reads another source is given that of the group, without a partition: it is not subscribed to it, and so
 * knows why it has nothing.
 *
 * @param owned what this member tells of itself; asked at every try to join, which fails if this throws
 */
export function coPartitioned(topics: TopicSet, owned: () => MemberClaim): PartitionAssigner {
  return ({ cluster: own }): Assigner => {
    const cluster = own as unknown as Cluster;
    return {
      name: ASSIGNER_NAME,
      version: VERSION,
      protocol: () => ({
        name: ASSIGNER_NAME,
        metadata: MemberMetadata.encode({
          version: VERSION,
          topics: [...topics.read],
          userData: Buffer.from(JSON.stringify({ ...owned(), needs: topics.topology.counterparts })),
        }),
      }),
      assign: async ({ members }) => {
        const asking = members.map(({ memberId, memberMetadata }) => ({ id: memberId, ...told(memberMetadata) }));
        const agreement = agree(asking);
        if (agreement === undefined) return asking.map(({ id }) => assignmentOf(id, {}));
        await learnTopics(cluster, [...agreement.read, ...agreement.counterparts]);
        return sharesOf(cluster, agreement);
      },
    };
  };
}

function sharesOf(cluster: Cluster, { source, read, counterparts, members, refused }: Agreement) {
  const { partitions } = servableOf(cluster, source, read, counterparts);
  const numbers = [...new Set([...partitions.values()].flat())];
  const shares = [...sharePartitions(numbers, members)];
  return [
    ...shares.map(([memberId, share]) => assignmentOf(memberId, pick(partitions, new Set(share)))),
    ...refused.map(({ id }) => assignmentOf(id, { [source]: [] })),
  ];
}

function assignmentOf(memberId: string, assignment: Record<string, number[]>) {
  return { memberId, memberAssignment: MemberAssignment.encode({ version: VERSION, assignment, userData: NO_DATA }) };
}

const NO_DATA = Buffer.alloc(0);

/** A member that says nothing readable owns nothing, and reads what the others do. */
function told(metadata: Buffer): Omit<Member, 'id'> {
  const { topics: reads = [], userData = NO_DATA } = decoded(metadata);
  return { owned: [], generation: -1, needs: [], reads, ...claim(userData) };
}

/** The source that a member reads; `undefined` where it says nothing readable. */
export function sourceOf(metadata: Buffer): string | undefined {
  return decoded(metadata).topics?.[0];
}

function decoded(metadata: Buffer): { topics?: readonly string[]; userData?: Buffer } {
  try {
    return MemberMetadata.decode(metadata) ?? {};
  } catch {
    return {};
  }
}

/** Members of the version before tell what they own, and not what they need. */
function claim(userData: Buffer): Partial<Member> {
  try {
    const { partitions, generation, needs } = JSON.parse(String(userData)) as Record<string, unknown>;
    return {
      ...(Array.isArray(partitions) && typeof generation === 'number' && { owned: partitions as number[], generation }),
      ...(isNames(needs) && { needs }),
    };
  } catch {
    return {};
  }
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string');
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
