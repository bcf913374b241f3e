import type { Kafka } from 'kafkajs';
import { errorType } from './errors.ts';
import { commitOffsets } from './offsets.ts';
import { createCluster } from './own-cluster.ts';

/** Who is in a group: `Empty`, `Stable`, `PreparingRebalance`, `CompletingRebalance`; `Dead` where there is none. */
export interface GroupState {
  readonly state: string;
  /** The client ids of its members. */
  readonly members: readonly string[];
}

/** Offsets of a group, seen and set from outside of it. */
export interface GroupOffsets {
  state(): Promise<GroupState>;
  /** The text that stands beside an offset is empty where there is none. */
  committed(topic: string): Promise<Map<number, { readonly offset: number; readonly metadata: string }>>;
  /** @returns whether the brokers took them: they do not while the group has members */
  commit(
    topic: string,
    offsets: ReadonlyMap<number, { readonly offset: number; readonly metadata?: string }>,
  ): Promise<boolean>;
  close(): Promise<void>;
}

/** Connects; joins nothing. */
export async function openGroupOffsets(kafka: Kafka, groupId: string): Promise<GroupOffsets> {
  const admin = kafka.admin();
  const cluster = createCluster(kafka);
  await Promise.all([admin.connect(), cluster.connect()]);
  return {
    state: async () => {
      const { groups } = await admin.describeGroups([groupId]);
      const [group] = groups;
      return { state: group?.state ?? 'Dead', members: (group?.members ?? []).map(({ clientId }) => clientId) };
    },
    committed: async (topic) => {
      const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
      return new Map(
        (found?.partitions ?? [])
          .filter(({ offset }) => Number(offset) >= 0)
          .map(({ partition, offset, metadata }) => [partition, { offset: Number(offset), metadata: metadata ?? '' }]),
      );
    },
    commit: async (topic, offsets) => {
      try {
        const nobody = { groupId, groupGenerationId: -1, memberId: '' };
        await commitOffsets(
          cluster,
          nobody,
          [...offsets].map(([partition, own]) => ({ topic, partition, ...own })),
        );
        return true;
      } catch (error) {
        if (errorType(error) === 'UNKNOWN_MEMBER_ID') return false;
        throw error;
      }
    },
    close: async () => {
      await Promise.all([admin.disconnect(), cluster.disconnect()]);
    },
  };
}
