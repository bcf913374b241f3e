import type { Caller, Handler } from '../connection.ts';
import { ERROR } from '../error-codes.ts';
import type { Request, Response } from '../messages/apis.ts';
import type { Partition } from '../partition.ts';
import type { Parts } from '../parts.ts';

type FetchRequest = Request<'Fetch'>;
type FetchPartition = FetchRequest['topics'][number]['partitions'][number];
type Answer = Response<'Fetch'>['topics'][number]['partitions'][number];

const READ_COMMITTED = 1;
const NOTHING = Buffer.alloc(0);

/** Answers as soon as there is as much to read as was asked for, or something is wrong, or time is up. */
export function fetch(parts: Parts): Handler<'Fetch'> {
  return (request, caller) => {
    const answer = (): Response<'Fetch'> => ({
      throttleTimeMs: parts.throttling.timeMs(caller.clientId),
      ...{ errorCode: ERROR.NONE, sessionId: 0, topics: readAll(parts, request, caller) },
    });
    const isEnough = (): boolean => readable(parts, request, caller) >= request.minBytes;
    if (request.maxWaitMs <= 0 || isEnough()) return answer();
    return (reply) => {
      const unwatch: (() => void)[] = [];
      const finish = (): void => {
        clearTimeout(timer);
        for (const end of unwatch) end();
        reply(answer());
      };
      const timer = setTimeout(finish, request.maxWaitMs);
      for (const { name, partitions } of request.topics) {
        for (const { index } of partitions) {
          const partition = parts.topics.partition(name, index);
          if (partition !== undefined) unwatch.push(partition.watch(() => isEnough() && finish()));
        }
      }
    };
  };
}

/** How many bytes there are to read; more than anybody asks for where something is wrong, or where nothing is asked for. */
function readable(parts: Parts, { topics, isolationLevel }: FetchRequest, caller: Caller): number {
  if (topics.length === 0) return Infinity;
  let size = 0;
  for (const { name, partitions } of topics) {
    for (const wanted of partitions) {
      const partition = partitionFor(parts, name, wanted, caller);
      if (typeof partition === 'number' || isOutOfRange(partition, wanted.fetchOffset)) return Infinity;
      size += Math.min(
        wanted.maxBytes,
        partition.log.sizeBetween(wanted.fetchOffset, endOf(partition, isolationLevel)),
      );
    }
  }
  return size;
}

function readAll(parts: Parts, request: FetchRequest, caller: Caller): Response<'Fetch'>['topics'] {
  let room = request.maxBytes;
  let atLeastOne = true;
  return request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((wanted) => {
      const answer = read(parts, { name, wanted, caller, room, atLeastOne, isolation: request.isolationLevel });
      const size = answer.records?.length ?? 0;
      if (size > 0) atLeastOne = false;
      room = Math.max(0, room - size);
      return answer;
    }),
  }));
}

interface Wanted {
  readonly name: string;
  readonly wanted: FetchPartition;
  readonly caller: Caller;
  readonly room: number;
  readonly atLeastOne: boolean;
  readonly isolation: number;
}

function read(parts: Parts, { name, wanted, caller, room, atLeastOne, isolation }: Wanted): Answer {
  const { index, fetchOffset, maxBytes } = wanted;
  const partition = partitionFor(parts, name, wanted, caller);
  if (typeof partition === 'number') return refused(index, partition);
  if (isOutOfRange(partition, fetchOffset)) return refused(index, ERROR.OFFSET_OUT_OF_RANGE);
  const { log } = partition;
  const end = endOf(partition, isolation);
  const found = log.read(fetchOffset, end, Math.min(maxBytes, room), atLeastOne);
  return {
    ...{ index, errorCode: ERROR.NONE, highWatermark: log.highWatermark, lastStableOffset: log.lastStableOffset },
    logStartOffset: log.startOffset,
    abortedTransactions: isolation === READ_COMMITTED ? log.transactions.abortedBetween(fetchOffset, found.end) : null,
    ...{ preferredReadReplica: -1, records: found.bytes },
  };
}

function partitionFor(parts: Parts, name: string, wanted: FetchPartition, caller: Caller): Partition | number {
  if (!parts.authorizer.allows(caller.principal, 'READ', 'topic', name)) return ERROR.TOPIC_AUTHORIZATION_FAILED;
  const partition = parts.topics.partition(name, wanted.index);
  if (partition === undefined) return ERROR.UNKNOWN_TOPIC_OR_PARTITION;
  const code = partition.refusal(caller.node, wanted.currentLeaderEpoch);
  return code === ERROR.NONE ? partition : code;
}

function isOutOfRange({ log }: Partition, offset: number): boolean {
  return offset < log.startOffset || offset > log.endOffset;
}

function endOf({ log }: Partition, isolation: number): number {
  return isolation === READ_COMMITTED ? log.lastStableOffset : log.highWatermark;
}

/** Of what is not there at all, nothing was aborted; of the rest it is not said. */
function refused(index: number, errorCode: number): Answer {
  const isUnknown = errorCode === ERROR.UNKNOWN_TOPIC_OR_PARTITION || errorCode === ERROR.TOPIC_AUTHORIZATION_FAILED;
  return {
    ...{ index, errorCode, highWatermark: -1, lastStableOffset: -1, logStartOffset: -1 },
    ...{ abortedTransactions: isUnknown ? [] : null, preferredReadReplica: -1, records: NOTHING },
  };
}
