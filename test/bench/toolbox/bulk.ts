import { sampleEvent } from '../../../src/cli/sample-events.ts';
import type { World } from '../../support/world.ts';

const AT_ONCE = 12_000;

/** Writes so many events to all partitions of the source in turn: payments `<prefix>-<number>` from 0 on, their ids as keys. */
export async function writeMany(
  world: World,
  prefix: string,
  count: number,
  onWritten: (written: number) => void,
): Promise<void> {
  const producer = world.kafka.producer({ maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  try {
    for (let from = 0; from < count; from += AT_ONCE) {
      const messages = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, at) => {
        const id = `${prefix}-${from + at}`;
        return { key: id, value: world.encode(sampleEvent(id, true)), partition: (from + at) % world.partitions };
      });
      await producer.send({ topic: world.source, messages });
      onWritten(from + messages.length);
    }
  } finally {
    await producer.disconnect();
  }
}
