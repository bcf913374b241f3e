import { readBatches } from '../../wire/record-batches.ts';
import { privatePart, replacePrivatePart } from '../private-parts.ts';
import type { FetchAnswer, FetchQuery } from '../types.ts';

/**
 * kafkajs decodes the batches of an answer while it reads it, all or none of them. Here they stay bytes until the whole
 * answer is there, and what was asked for as well. It loads this part when it first needs it, from here.
 */
interface ByteReader {
  readInt32(): number;
  readBytes(length: number): Buffer;
}
replacePrivatePart('protocol/requests/fetch/v4/decodeMessages.js', (decoder: ByteReader): Promise<Buffer> => {
  const size = decoder.readInt32();
  return Promise.resolve(size > 0 ? decoder.readBytes(size) : Buffer.alloc(0));
});

const { prototype: broker } = privatePart('broker/index.js') as {
  prototype: { fetch: (this: unknown, query: FetchQuery) => Promise<FetchAnswer> };
};
const { fetch: fetchBytes } = broker;
broker.fetch = async function (query) {
  const answer = await fetchBytes.call(this, query);
  const asked = new Map<string, string>();
  for (const { topic, partitions } of query.topics) {
    for (const { partition, fetchOffset } of partitions) asked.set(`${topic}:${partition}`, fetchOffset);
  }
  await readFetched(answer, (topic, partition) => asked.get(`${topic}:${partition}`));
  return answer;
};

/** Makes records of an answer's bytes. @param askedFrom the offset that was asked for */
export async function readFetched(
  { responses }: FetchAnswer,
  askedFrom: (topic: string, partition: number) => string | undefined,
): Promise<void> {
  for (const { topicName, partitions } of responses) {
    for (const part of partitions) {
      const bytes: unknown = part.messages;
      // Brokers from before 0.11 answer in another way.
      if (!(bytes instanceof Buffer)) continue;
      const { highWatermark, abortedTransactions: aborted } = part;
      const from = Number(askedFrom(topicName, part.partition) ?? 0);
      part.messages = await readBatches(bytes, { from, end: Number(highWatermark), aborted });
      part.abortedTransactions = [];
    }
  }
}
