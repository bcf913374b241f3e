import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Boundary, Reader } from '../../src/kafka/kafkajs/reader.ts';
import { until } from './until.ts';
import type { World } from './world.ts';

/** Until brokers have done what was on its way to them when its sender was stopped, in milliseconds. */
export const ON_ITS_WAY_MS = 500;

/** The partitions of the first retry topic that hold something which no reader is given yet. */
export async function undecidedPartitions(world: World, reader: Reader): Promise<number[]> {
  const topic = world.topic('retry.1s');
  const [layout] = await reader.layouts([topic]);
  const leader = layout?.partitions[0]?.leader ?? -1;
  const places = Array.from({ length: world.partitions }, (_, partition) => ({ topic, partition }));
  const offsets = async (which: Boundary): Promise<Map<number, number>> =>
    new Map((await reader.offsets(leader, places, which)).map(({ partition, offset = 0 }) => [partition, offset]));
  // In this order: what is written between the two answers must not count.
  const ends = await offsets('end');
  const stable = await offsets('last stable');
  return [...ends].flatMap(([partition, end]) => (end > (stable.get(partition) ?? 0) ? [partition] : []));
}

/** Stops a redrive, with SIGSTOP, at a moment at which a transaction of its is open and stays so. */
export async function stopWithinTransaction(redrive: ChildProcess, isOpen: () => Promise<boolean>): Promise<void> {
  for (;;) {
    await until('an open transaction', isOpen, { everyMs: 0 });
    redrive.kill('SIGSTOP');
    await sleep(ON_ITS_WAY_MS);
    if (await isOpen()) return;
    redrive.kill('SIGCONT');
  }
}
