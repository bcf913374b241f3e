import type { Caller, Handler } from '../connection.ts';
import { ERROR } from '../error-codes.ts';
import type { FetchAnswer, FetchContext, Found, Wanted } from '../fetch-sessions.ts';
import type { Request, Response } from '../messages/apis.ts';
import type { Parts } from '../parts.ts';
import { servedBy, type Served } from './served.ts';

type FetchRequest = Request<'Fetch'>;

const READ_COMMITTED = 1;
const NOTHING = Buffer.alloc(0);

/** Answers as soon as there is as much to read as was asked for, or something is wrong, or time is up. */
export function fetch(parts: Parts): Handler<'Fetch'> {
  return (request, caller) => {
    const throttleTimeMs = parts.throttling.timeMs(caller.clientId);
    const context = parts.nodes.fetchSessions(caller.node).contextOf(request);
    if (typeof context === 'number') return { throttleTimeMs, errorCode: context, sessionId: 0, topics: [] };
    const answer = (): Response<'Fetch'> => {
      const { sessionId, found } = context.told(readAll(parts, context, request, caller));
      return { throttleTimeMs, errorCode: ERROR.NONE, sessionId, topics: byTopic(found) };
    };
    const isEnough = (): boolean => readable(parts, context, request, caller) >= request.minBytes;
    if (request.maxWaitMs <= 0 || isEnough()) return answer();
    return (reply) => {
      const unwatch: (() => void)[] = [];
      const finish = (): void => {
        clearTimeout(timer);
        for (const end of unwatch) end();
        reply(answer());
      };
      const timer = setTimeout(finish, request.maxWaitMs);
      for (const { name, index } of context.wanted) {
        const partition = parts.topics.partition(name, index);
        if (partition !== undefined) unwatch.push(partition.watch(() => isEnough() && finish()));
      }
    };
  };
}

/** How many bytes there are to read; more than anybody asks for where something is wrong, or where nothing is asked for. */
function readable(parts: Parts, { wanted }: FetchContext, { isolationLevel }: FetchRequest, caller: Caller): number {
  if (wanted.length === 0) return Infinity;
  let size = 0;
  for (const one of wanted) {
    const served = readableBy(parts, one, caller);
    if (typeof served === 'number' || isOutOfRange(served, one.fetchOffset)) return Infinity;
    size += Math.min(one.maxBytes, served.log.sizeBetween(one.fetchOffset, endOf(served, isolationLevel)));
  }
  return size;
}

function readAll(parts: Parts, { wanted }: FetchContext, request: FetchRequest, caller: Caller): Found[] {
  let room = request.maxBytes;
  let atLeastOne = true;
  const found = wanted.map((one) => {
    const { isolationLevel } = request;
    const answer = read(parts, one, caller, { maxBytes: Math.min(one.maxBytes, room), atLeastOne, isolationLevel });
    const size = answer.records?.length ?? 0;
    if (size > 0) atLeastOne = false;
    room = Math.max(0, room - size);
    return { name: one.name, answer };
  });
  return [...found.filter(({ answer }) => !isUnseen(answer)), ...found.filter(({ answer }) => isUnseen(answer))];
}

/** What is not there, or not to be seen, comes last. */
function isUnseen({ errorCode }: Pick<FetchAnswer, 'errorCode'>): boolean {
  return errorCode === ERROR.UNKNOWN_TOPIC_OR_PARTITION || errorCode === ERROR.TOPIC_AUTHORIZATION_FAILED;
}

interface Limits {
  readonly maxBytes: number;
  readonly atLeastOne: boolean;
  readonly isolationLevel: number;
}

function read(parts: Parts, wanted: Wanted, caller: Caller, limits: Limits): FetchAnswer {
  const { index, fetchOffset } = wanted;
  const served = readableBy(parts, wanted, caller);
  if (typeof served === 'number') return refused(index, served);
  if (isOutOfRange(served, fetchOffset)) return refused(index, ERROR.OFFSET_OUT_OF_RANGE);
  const { log, reach } = served;
  const found = log.read(fetchOffset, endOf(served, limits.isolationLevel), limits.maxBytes, limits.atLeastOne);
  const isCommitted = limits.isolationLevel === READ_COMMITTED;
  return {
    index,
    errorCode: ERROR.NONE,
    highWatermark: reach.highWatermark,
    lastStableOffset: reach.lastStableOffset,
    logStartOffset: log.startOffset,
    abortedTransactions: isCommitted ? log.transactions.abortedBetween(fetchOffset, found.end) : null,
    preferredReadReplica: -1,
    records: found.bytes,
  };
}

/** Neighbours of one topic together. */
function byTopic(found: readonly Found[]): Response<'Fetch'>['topics'] {
  const topics: { name: string; partitions: FetchAnswer[] }[] = [];
  for (const { name, answer } of found) {
    const last = topics.at(-1);
    if (last?.name === name) last.partitions.push(answer);
    else topics.push({ name, partitions: [answer] });
  }
  return topics;
}

/** As `servedBy`, to who may read. */
function readableBy(parts: Parts, wanted: Wanted, { principal, node }: Caller): Served | number {
  if (!parts.authorizer.allows(principal, 'READ', 'topic', wanted.name)) return ERROR.TOPIC_AUTHORIZATION_FAILED;
  return servedBy(parts, node, wanted);
}

function isOutOfRange({ log, reach }: Served, offset: number): boolean {
  return offset < log.startOffset || offset > reach.end;
}

function endOf({ reach }: Served, isolationLevel: number): number {
  return isolationLevel === READ_COMMITTED ? reach.lastStableOffset : reach.highWatermark;
}

function refused(index: number, errorCode: number): FetchAnswer {
  return {
    ...{ index, errorCode, highWatermark: -1, lastStableOffset: -1, logStartOffset: -1 },
    abortedTransactions: isUnseen({ errorCode }) ? [] : null,
    ...{ preferredReadReplica: -1, records: NOTHING },
  };
}
