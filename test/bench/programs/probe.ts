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
/** What is kept of each collection takes memory of the process that is measured: 6 MB a minute at full rate. */
const TAKEN_EVERY_MS = 1_000;

let end = (): Probed => ({ lagP99Ms: Number.NaN, allocatedBytes: Number.NaN });

function begin(): () => Probed {
  const delay = monitorEventLoopDelay({ resolution: TIMER_MS });
  let [used, allocatedBytes] = [getHeapStatistics().used_heap_size, 0];
  let collections = profile();
  const take = (): void => {
    for (const { beforeGC, afterGC } of collections.stop().statistics) {
      allocatedBytes += beforeGC.heapStatistics.usedHeapSize - used;
      used = afterGC.heapStatistics.usedHeapSize;
    }
    collections = profile();
  };
  const taking = setInterval(take, TAKEN_EVERY_MS).unref();
  delay.enable();
  return () => {
    delay.disable();
    const usedAtLast = getHeapStatistics().used_heap_size;
    clearInterval(taking);
    take();
    collections.stop();
    const lagP99Ms = Math.max(0, delay.percentile(99) / 1e6 - TIMER_MS);
    return { lagP99Ms, allocatedBytes: allocatedBytes + usedAtLast - used };
  };
}

function profile(): GCProfiler {
  const profiler = new GCProfiler();
  profiler.start();
  return profiler;
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
