import { getEventListeners } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { Abandoned } from '../../../src/pipeline/ports.ts';
import { pauseUntil, unlessClosing, untilDone, untilDoneFor } from '../../../src/pipeline/waiting.ts';
import { Waits } from '../../../src/pipeline/waits.ts';
import { deferred, pass, sourceRecord, soon, useVirtualTime } from '../../support/fixtures.ts';

const NOW = Date.UTC(2026, 10, 22, 10);
useVirtualTime(NOW);

const never = new AbortController().signal;

/** A task that fails until it is told to succeed, and when it was tried, in milliseconds from the start. */
function failing() {
  const task = {
    tries: [] as number[],
    failures: [] as unknown[],
    heals: false,
    run: (): Promise<string> => {
      task.tries.push(Date.now() - NOW);
      return task.heals ? Promise.resolve('done') : Promise.reject(new Error(`try ${task.tries.length}`));
    },
  };
  return task;
}

describe('what cannot be done now', () => {
  test('is tried again until it is done, and each failure is told', async () => {
    const task = failing();
    const done = untilDone(task.run, (error) => task.failures.push(error), never);
    await pass(1_000);
    task.heals = true;
    await pass(10_000);
    await expect(done).resolves.toBe('done');
    expect(task.failures.map(String)).toEqual(task.tries.slice(0, -1).map((_, at) => `Error: try ${at + 1}`));
  });

  test('is done once where it can be', async () => {
    const task = failing();
    task.heals = true;
    await expect(untilDone(task.run, (error) => task.failures.push(error), never)).resolves.toBe('done');
    expect([task.tries, task.failures]).toEqual([[0], []]);
  });

  test('is tried after pauses that double from 100 ms to 3 s, jittered by a quarter', async () => {
    const task = failing();
    const closing = new AbortController();
    const done = untilDone(task.run, () => undefined, closing.signal);
    done.catch(() => undefined);
    await pass(60_000);
    closing.abort();
    await expect(done).rejects.toBeInstanceOf(Abandoned);
    const pauses = task.tries.slice(1).map((at, before) => at - (task.tries[before] ?? 0));
    const expected = [100, 200, 400, 800, 1_600, 3_000, 3_000, 3_000, 3_000];
    for (const [at, pause] of expected.entries()) {
      expect(pauses[at]).toBeGreaterThanOrEqual(Math.floor(pause * 0.75));
      expect(pauses[at]).toBeLessThanOrEqual(Math.ceil(pause * 1.25));
    }
  });

  test('is tried again soon where the try itself took as long as the pause', async () => {
    const tries: number[] = [];
    const slow = (): Promise<never> => {
      tries.push(Date.now() - NOW);
      return new Promise((_, reject) => setTimeout(() => reject(new Error('timed out')), 3_000));
    };
    const closing = new AbortController();
    const done = untilDone(slow, () => undefined, closing.signal);
    done.catch(() => undefined);
    await pass(60_000);
    closing.abort();
    for (const [at, next] of tries.slice(1).entries()) expect(next - (tries[at] ?? 0)).toBeLessThanOrEqual(3_750);
    expect(tries.length).toBeGreaterThan(15);
  });

  test('is given up at once when its wait is cut short', async () => {
    const task = failing();
    const closing = new AbortController();
    const done = untilDone(task.run, () => undefined, closing.signal);
    await soon();
    closing.abort();
    await expect(done).rejects.toBeInstanceOf(Abandoned);
    expect(task.tries).toEqual([0]);
  });

  test('is given up, and not told as a failure, where it says itself that it is abandoned', async () => {
    const failures: unknown[] = [];
    const done = untilDone(
      () => Promise.reject(new Abandoned()),
      (error) => failures.push(error),
      never,
    );
    await expect(done).rejects.toBeInstanceOf(Abandoned);
    expect(failures).toEqual([]);
  });
});

describe('a partition whose record waits until something is done', () => {
  test('is known to wait from the first failure on, and no longer when it is done', async () => {
    const [task, waits, record] = [failing(), new Waits(), sourceRecord()];
    const done = untilDoneFor(record, 'produce', waits, task.run, (error) => task.failures.push(error), never);
    await pass(5_000);
    expect(waits.of(record)).toEqual({ reason: 'produce', since: NOW });
    expect(task.failures).toHaveLength(task.tries.length);
    task.heals = true;
    await pass(5_000);
    await expect(done).resolves.toBe('done');
    expect(waits.of(record)).toBeUndefined();
  });

  test('waits no longer when it is given up', async () => {
    const [task, waits, record, closing] = [failing(), new Waits(), sourceRecord(), new AbortController()];
    const done = untilDoneFor(record, 'registry', waits, task.run, () => undefined, closing.signal);
    done.catch(() => undefined);
    await soon();
    expect(waits.of(record)).toMatchObject({ reason: 'registry' });
    closing.abort();
    await expect(done).rejects.toBeInstanceOf(Abandoned);
    expect(waits.of(record)).toBeUndefined();
  });

  test('never waits where it is done at once', async () => {
    const [task, waits, record] = [failing(), new Waits(), sourceRecord()];
    task.heals = true;
    const done = untilDoneFor(record, 'produce', waits, task.run, () => undefined, never);
    expect(waits.of(record)).toBeUndefined();
    await done;
  });
});

describe('a task that is only waited for while partitions are held', () => {
  test('comes to what it comes to', async () => {
    await expect(unlessClosing(Promise.resolve('done'), never)).resolves.toBe('done');
    await expect(unlessClosing(Promise.reject(new Error('down')), never)).rejects.toThrow('down');
  });

  test('is given up as soon as they are handed over', async () => {
    const closing = new AbortController();
    const given = unlessClosing(deferred<string>().promise, closing.signal);
    given.catch(() => undefined);
    await soon();
    closing.abort();
    await expect(given).rejects.toBeInstanceOf(Abandoned);
  });

  test('is not waited for where they are being handed over already', async () => {
    await expect(unlessClosing(deferred<string>().promise, AbortSignal.abort())).rejects.toBeInstanceOf(Abandoned);
  });

  test('leaves nobody listening, however many there were', async () => {
    const { signal } = new AbortController();
    for (let count = 0; count < 3; count += 1) await unlessClosing(Promise.resolve(), signal);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('waiting for a time', () => {
  function begin(wall: number, closing = never, atMostMs = Number.POSITIVE_INFINITY) {
    const wait = { state: 'waiting' };
    const due = { wall, monotonic: performance.now() + atMostMs };
    pauseUntil(due, () => Date.now(), closing).then(
      () => (wait.state = 'over'),
      (error: unknown) => (wait.state = error instanceof Abandoned ? 'abandoned' : String(error)),
    );
    return wait;
  }

  test('ends then and never earlier', async () => {
    const wait = begin(NOW + 3_600_000);
    await pass(3_599_999);
    expect(wait.state).toBe('waiting');
    await pass(1);
    expect(wait.state).toBe('over');
  });

  test('does not begin where it has passed', async () => {
    const waits = [begin(NOW), begin(NOW - 1), begin(0)];
    await soon();
    expect(waits.map(({ state }) => state)).toEqual(['over', 'over', 'over']);
  });

  test('goes by the wall clock: one that is put back makes it longer', async () => {
    const wait = begin(NOW + 10_000);
    await pass(5_000);
    vi.setSystemTime(NOW - 60_000);
    await pass(69_000);
    expect(wait.state).toBe('waiting');
    await pass(1_000);
    expect(wait.state).toBe('over');
  });

  test('but by no more than is left by the monotonic clock', async () => {
    const wait = begin(NOW + 10_000, never, 12_000);
    await pass(5_000);
    vi.setSystemTime(NOW - 3_600_000);
    await pass(6_999);
    expect(wait.state).toBe('waiting');
    await pass(1);
    expect(wait.state).toBe('over');
  });

  test('and one that is put forward makes it shorter', async () => {
    const wait = begin(NOW + 3_600_000);
    await pass(5_000);
    vi.setSystemTime(NOW + 3_600_000);
    await pass(1_000);
    expect(wait.state).toBe('over');
  });

  test('is given up as soon as the ownership closes', async () => {
    const closing = new AbortController();
    const wait = begin(NOW + 3_600_000, closing.signal);
    await pass(10_500);
    closing.abort();
    await soon();
    expect(wait.state).toBe('abandoned');
  });
});
