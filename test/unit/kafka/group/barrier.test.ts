import { describe, expect, test, vi } from 'vitest';
import { drainWithin } from '../../../../src/kafka/group/barrier.ts';
import { deferred, pass, useVirtualTime } from '../../../support/fixtures.ts';

useVirtualTime();

const LIMITS = { barrierMs: 10_000, lastCallMs: 8_000 };

/** A drain that ends when its test says so, and what has come of it so far. */
function draining() {
  const drained = deferred<boolean>();
  const told = { lastCalls: 0, end: undefined as boolean | undefined };
  const end = drainWithin(
    LIMITS,
    () => (told.lastCalls += 1),
    () => drained.promise,
  );
  end.then(
    (isDrained) => (told.end = isDrained),
    () => undefined,
  );
  return { drained, told, end };
}

describe('what is in flight before a join or a leave', () => {
  test.each([true, false])(
    'is waited for, and the wait is over with it: all that had begun is finished: %s',
    async (all) => {
      const { drained, told } = draining();
      await pass(7_999);
      expect(told).toEqual({ lastCalls: 0, end: undefined });
      drained.resolve(all);
      await pass(0);
      expect(told).toEqual({ lastCalls: 0, end: all });
      expect(vi.getTimerCount(), 'nothing is waited for any more').toBe(0);
      await pass(60_000);
      expect(told.lastCalls, 'and nobody is called any more').toBe(0);
    },
  );

  test('is called for the last time when there is only time left to commit', async () => {
    const { drained, told } = draining();
    await pass(8_000);
    expect(told).toEqual({ lastCalls: 1, end: undefined });
    drained.resolve(true);
    await pass(0);
    expect(told).toEqual({ lastCalls: 1, end: true });
  });

  test('is waited for no longer than the barrier lasts', async () => {
    const { told } = draining();
    await pass(9_999);
    expect(told.end).toBeUndefined();
    await pass(1);
    expect(told).toEqual({ lastCalls: 1, end: false });
  });

  test('that cannot be waited for is an error of its own', async () => {
    const { drained, end } = draining();
    drained.reject(new Error('a bug'));
    await expect(end).rejects.toThrow('a bug');
  });
});
