import type { Caller, Handlers } from '../connection.ts';
import { ERROR } from '../error-codes.ts';
import type { Request, Response } from '../messages/apis.ts';
import type { CommittedOffset } from '../offsets.ts';
import type { Parts } from '../parts.ts';

/** What groups have committed. */
export function offsetHandlers(parts: Parts): Pick<Handlers, 'OffsetCommit' | 'OffsetFetch'> {
  const { groups, authorizer, topics } = parts;
  return {
    OffsetCommit: ({ groupId, generationId, memberId, topics: wanted }, caller) => {
      const codeOf = (): number => {
        if (!authorizer.allows(caller.principal, 'READ', 'group', groupId)) return ERROR.GROUP_AUTHORIZATION_FAILED;
        if (!wanted.some(({ name, partitions }) => partitions.some(({ index }) => topics.partition(name, index))))
          return 0;
        const code = groups.shards.refusal(caller.node, groupId);
        if (code !== ERROR.NONE) return code;
        if (groups.get(groupId) === undefined && generationId >= 0) return ERROR.ILLEGAL_GENERATION;
        return groups.getOrMake(groupId).group.mayCommit(memberId, generationId);
      };
      const by = { clientId: caller.clientId, memberId };
      return {
        throttleTimeMs: 0,
        topics: commitPerPartition(parts, caller, wanted, codeOf(), (committed) => {
          groups.getOrMake(groupId).offsets.commit(committed);
          groups.committed(groupId, committed, by);
        }),
      };
    },

    OffsetFetch: ({ groupId, topics: wanted }, caller) => {
      const code = authorizer.allows(caller.principal, 'DESCRIBE', 'group', groupId)
        ? groups.shards.refusal(caller.node, groupId)
        : ERROR.GROUP_AUTHORIZATION_FAILED;
      if (code !== ERROR.NONE) return { throttleTimeMs: 0, topics: [], errorCode: code };
      const offsets = groups.get(groupId)?.offsets;
      const all = new Map<string, number[]>();
      for (const { topic, partition } of offsets?.all() ?? []) all.set(topic, [...(all.get(topic) ?? []), partition]);
      const asked = wanted ?? [...all].map(([name, partitions]) => ({ name, partitions }));
      return {
        throttleTimeMs: 0,
        topics: asked.map(({ name, partitions }) => ({
          name,
          partitions: partitions.map((index) => {
            const may = authorizer.allows(caller.principal, 'DESCRIBE', 'topic', name);
            const found = may && topics.get(name) !== undefined ? offsets?.get(name, index) : undefined;
            return {
              ...{ index, offset: found?.offset ?? -1, metadata: found?.metadata ?? '' },
              errorCode: may ? ERROR.NONE : ERROR.TOPIC_AUTHORIZATION_FAILED,
            };
          }),
        })),
        errorCode: ERROR.NONE,
      };
    },
  };
}

type Wanted = Request<'OffsetCommit'>['topics'];

/** Commits where nothing speaks against it, and says for each partition what does. `code` counts for all of them. */
export function commitPerPartition(
  { authorizer, topics, settings }: Parts,
  { principal }: Caller,
  wanted: Wanted,
  code: number,
  commit: (committed: CommittedOffset) => void,
): Response<'OffsetCommit'>['topics'] {
  return wanted.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ index, offset, metadata }) => {
      const text = metadata ?? '';
      const codeOf = (): number => {
        if (code === ERROR.GROUP_AUTHORIZATION_FAILED) return code;
        if (!authorizer.allows(principal, 'READ', 'topic', name)) return ERROR.TOPIC_AUTHORIZATION_FAILED;
        if (topics.partition(name, index) === undefined) return ERROR.UNKNOWN_TOPIC_OR_PARTITION;
        if (code !== ERROR.NONE) return code;
        return Buffer.byteLength(text) > settings.offsetMetadataMaxBytes ? ERROR.OFFSET_METADATA_TOO_LARGE : ERROR.NONE;
      };
      const errorCode = codeOf();
      if (errorCode === ERROR.NONE) commit({ topic: name, partition: index, offset, metadata: text });
      return { index, errorCode };
    }),
  }));
}
