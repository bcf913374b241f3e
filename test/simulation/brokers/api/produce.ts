import { readHead } from '../batch.ts';
import type { Caller, Handler } from '../connection.ts';
import { ERROR } from '../error-codes.ts';
import type { Appended } from '../log.ts';
import type { Response } from '../messages/apis.ts';
import type { Partition } from '../partition.ts';
import type { Parts } from '../parts.ts';
import { ledBy } from './served.ts';
import { appendRules, configOf } from '../topic-configs.ts';

/** What became of the records of one partition; `end` is what all replicas must have before it is acknowledged. */
interface Written {
  readonly partition?: Partition;
  readonly epoch?: number;
  readonly end?: number;
  code: number;
  readonly baseOffset: number;
  readonly appendTime: number;
}

const ALL_REPLICAS = -1;

/** Appends batches, and answers when as many replicas have them as were asked for. */
export function produce(parts: Parts): Handler<'Produce'> {
  return ({ acks, timeoutMs, topics, transactionalId }, caller) => {
    const forbidden =
      transactionalId !== null && !parts.authorizer.allows(caller.principal, 'WRITE', 'transaction', transactionalId);
    const written = topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ index, records }) => ({
        index,
        written: forbidden
          ? refused(ERROR.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
          : append(parts, caller, { topic: name, index, records, acks, transactionalId }),
      })),
    }));
    const answer = (): Response<'Produce'> => ({
      topics: written.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ index, written: { code, baseOffset, appendTime, partition } }) => ({
          ...{ index, errorCode: code, baseOffset: code === 0 ? baseOffset : -1, logAppendTimeMs: appendTime },
          logStartOffset: partition?.log.startOffset ?? -1,
        })),
      })),
      throttleTimeMs: parts.throttling.timeMs(caller.clientId),
    });
    if (acks === 0) return undefined;
    if (acks !== ALL_REPLICAS) return answer();
    const all = written.flatMap(({ partitions }) => partitions.map((one) => one.written));
    return (reply) => whenReplicated(all, timeoutMs, () => reply(answer()));
  };
}

interface Wanted {
  readonly topic: string;
  readonly index: number;
  readonly records: Buffer | null;
  readonly acks: number;
  readonly transactionalId: string | null;
}

function append(parts: Parts, { node, principal }: Caller, wanted: Wanted): Written {
  const { topic: name, index, records, acks } = wanted;
  const topic = parts.topics.get(name);
  if (!parts.authorizer.allows(principal, 'WRITE', 'topic', name)) return refused(ERROR.TOPIC_AUTHORIZATION_FAILED);
  if (topic === undefined) return refused(ERROR.UNKNOWN_TOPIC_OR_PARTITION);
  if (acks < ALL_REPLICAS || acks > 1) return refused(ERROR.INVALID_REQUIRED_ACKS);
  const partition = ledBy(parts, node, name, index);
  if (typeof partition === 'number') return refused(partition);
  const least = Number(configOf(topic, 'min.insync.replicas'));
  if (acks === ALL_REPLICAS && partition.inSync.length < least) return refused(ERROR.NOT_ENOUGH_REPLICAS);
  const batch = records ?? Buffer.alloc(0);
  const untold = parts.transactions.verify(wanted.transactionalId, partition, readHead(batch));
  if (untold !== ERROR.NONE) return refused(untold);
  const appended = partition.append(batch, appendRules(topic));
  if (appended.kind === 'appended') {
    const count = appended.end - appended.baseOffset;
    parts.tell({ kind: 'appended', topic: name, partition: index, offset: appended.baseOffset, count });
  }
  return writtenTo(partition, appended);
}

function writtenTo(partition: Partition, appended: Appended): Written {
  if (appended.kind === 'refused') {
    const { code } = appended;
    const isAtOnce = code === ERROR.CORRUPT_MESSAGE || code === ERROR.MESSAGE_TOO_LARGE;
    return isAtOnce ? refused(code) : { ...refused(code), partition };
  }
  const { baseOffset, appendTime } = appended;
  const end = appended.kind === 'appended' ? appended.end : partition.log.endOffset;
  return { partition, epoch: partition.leaderEpoch, end, code: ERROR.NONE, baseOffset, appendTime };
}

function refused(code: number): Written {
  return { code, baseOffset: -1, appendTime: -1 };
}

/** Calls back when all replicas have everything that was appended, or it is known that they will not, or time is up. */
function whenReplicated(written: readonly Written[], timeoutMs: number, done: () => void): void {
  const waiting = new Set(written.filter((one) => one.code === ERROR.NONE));
  const unwatch: (() => void)[] = [];
  const finish = (): void => {
    clearTimeout(timer);
    for (const end of unwatch) end();
    done();
  };
  const look = (): boolean => {
    for (const one of [...waiting]) {
      const { partition, epoch, end = 0 } = one;
      if (partition === undefined) continue;
      if (partition.isGone) one.code = ERROR.UNKNOWN_TOPIC_OR_PARTITION;
      else if (partition.leaderEpoch !== epoch) one.code = ERROR.NOT_LEADER_OR_FOLLOWER;
      else if (partition.log.highWatermark < end) continue;
      waiting.delete(one);
    }
    return waiting.size === 0;
  };
  if (look()) {
    done();
    return;
  }
  const timer = setTimeout(() => {
    for (const one of waiting) one.code = ERROR.REQUEST_TIMED_OUT;
    finish();
  }, timeoutMs);
  for (const { partition } of waiting) {
    if (partition !== undefined) unwatch.push(partition.watch(() => look() && finish()));
  }
}
