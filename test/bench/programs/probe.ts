import { monitorEventLoopDelay } from 'node:perf_hooks';
import { GCProfiler, getHeapStatistics } from 'node:v8';

/**
 * Loaded into the measured process ahead of its program; between `begin` and `end` it watches what only the process
 * itself can see, and otherwise sleeps.
 */
export type Order = 'begin' | 'end';

/** What it has seen. */
export interface Probed {
  /** Of timers that are due every 10 ms, the share of one hundredth was later than this. */
  readonly lagP99Ms: number;
  /** Bytes that JavaScript objects took on the heap, collected since or not; buffers outside the heap not included. */
  readonly allocatedBytes: number;
}

const TIMER_MS = 10;

let end = (): Probed => ({ lagP99Ms: Number.NaN, allocatedBytes: Number.NaN });

function begin(): () => Probed {
  const delay = monitorEventLoopDelay({ resolution: TIMER_MS });
  const collections = new GCProfiler();
  const usedAtFirst = getHeapStatistics().used_heap_size;
  collections.start();
  delay.enable();
  return () => {
    delay.disable();
    const usedAtLast = getHeapStatistics().used_heap_size;
    let [used, allocatedBytes] = [usedAtFirst, 0];
    for (const { beforeGC, afterGC } of collections.stop().statistics) {
      allocatedBytes += beforeGC.heapStatistics.usedHeapSize - used;
      used = afterGC.heapStatistics.usedHeapSize;
    }
    const lagP99Ms = Math.max(0, delay.percentile(99) / 1e6 - TIMER_MS);
    return { lagP99Ms, allocatedBytes: allocatedBytes + usedAtLast - used };
  };
}

process.on('message', (order: Order) => {
  switch (order) {
    case 'begin':
      end = begin();
      return;
    case 'end':
      process.send?.(end());
  }
});
// Nobody is measured without who measures.
process.on('disconnect', () => process.exit());
// Who is measured ends when it likes.
process.channel?.unref();
