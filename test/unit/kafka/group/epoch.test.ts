import { describe, expect, test, vi } from 'vitest';
import { Epoch, instant } from '../../../../src/kafka/group/epoch.ts';
import { Abandoned } from '../../../../src/pipeline/ports.ts';
import { pass, useVirtualTime } from '../../../support/fixtures.ts';

useVirtualTime();

const LEASE_MS = 30_000;
const fresh = (): Epoch => new Epoch(4, LEASE_MS, instant());
const may = (epoch: Epoch, sending: boolean): boolean => {
  try {
    epoch.assertHeld(sending);
    return true;
  } catch (error) {
    if (error instanceof Abandoned) return false;
    throw error;
  }
};

describe('the lease', () => {
  test('lets a lane send until the session timeout has passed since the last heartbeat was written', async () => {
    const epoch = fresh();
    await pass(LEASE_MS - 1);
    expect(may(epoch, true)).toBe(true);
    await pass(1);
    expect(may(epoch, true)).toBe(false);
  });

  test('is renewed from when a heartbeat was written, not from when it was answered', async () => {
    const epoch = fresh();
    await pass(10_000);
    const written = instant();
    await pass(15_000);
    epoch.renew(written);
    await pass(LEASE_MS - 15_000 - 1);
    expect(may(epoch, true)).toBe(true);
    await pass(1);
    expect(may(epoch, true)).toBe(false);
  });

  test('that lapsed is good again after the next heartbeat', async () => {
    const epoch = fresh();
    await pass(2 * LEASE_MS);
    epoch.renew(instant());
    expect(may(epoch, true)).toBe(true);
  });

  test('has lapsed by the wall clock alone: the machine slept', () => {
    const epoch = fresh();
    vi.setSystemTime(Date.now() + LEASE_MS);
    expect(may(epoch, true)).toBe(false);
  });

  test('has lapsed by the monotonic clock alone: the wall clock was put back', async () => {
    const epoch = fresh();
    await pass(LEASE_MS);
    vi.setSystemTime(Date.now() - 3_600_000);
    expect(may(epoch, true)).toBe(false);
  });

  test('that lapsed ends nothing: what was sent may still be settled and committed', async () => {
    const epoch = fresh();
    await pass(10 * LEASE_MS);
    expect(may(epoch, false)).toBe(true);
  });
});

describe('whether the right has ended', () => {
  const asked = (epoch: Epoch): { answer: string } => {
    const asking = { answer: 'none yet' };
    epoch.confirmed().then(
      () => (asking.answer = 'it has not'),
      (error: unknown) => (asking.answer = error instanceof Abandoned ? 'it has' : String(error)),
    );
    return asking;
  };

  test('is known while the lease runs', async () => {
    const asking = asked(fresh());
    await pass(0);
    expect(asking.answer).toBe('it has not');
  });

  test('is known again with the next heartbeat where the lease has lapsed, and not before', async () => {
    const epoch = fresh();
    const tooLate = instant();
    await pass(LEASE_MS);
    const [one, other] = [asked(epoch), asked(epoch)];
    await pass(LEASE_MS);
    epoch.renew(tooLate);
    await pass(0);
    expect([one.answer, other.answer]).toEqual(['none yet', 'none yet']);
    epoch.renew(instant());
    await pass(0);
    expect([one.answer, other.answer]).toEqual(['it has not', 'it has not']);
  });

  test('is known when it has: before, or while that is waited for', async () => {
    const epoch = fresh();
    await pass(LEASE_MS);
    const before = asked(epoch);
    epoch.end();
    const after = asked(epoch);
    await pass(0);
    expect([before.answer, after.answer]).toEqual(['it has', 'it has']);
  });
});

describe('an epoch', () => {
  test('that is open holds for everything', () => {
    const epoch = fresh();
    expect([may(epoch, true), may(epoch, false)]).toEqual([true, true]);
    expect([epoch.closing.aborted, epoch.ended.aborted, epoch.generation]).toEqual([false, false, 4]);
  });

  test('that closes lets nothing more be sent, and what is in flight be settled', () => {
    const epoch = fresh();
    epoch.close();
    expect([may(epoch, true), may(epoch, false)]).toEqual([false, true]);
    expect([epoch.closing.aborted, epoch.ended.aborted]).toEqual([true, false]);
  });

  test('that calls for the last time closes, and what is done may still be settled and committed', () => {
    const epoch = fresh();
    epoch.close();
    expect(epoch.lastCall.aborted).toBe(false);
    epoch.callLast();
    expect([may(epoch, true), may(epoch, false)]).toEqual([false, true]);
    expect([epoch.closing.aborted, epoch.lastCall.aborted, epoch.ended.aborted]).toEqual([true, true, false]);
  });

  test('that has ended is worth nothing, whether it was closed before or not', () => {
    const closed = fresh();
    closed.close();
    for (const epoch of [closed, fresh()]) {
      epoch.end();
      expect([may(epoch, true), may(epoch, false)]).toEqual([false, false]);
      expect([epoch.closing.aborted, epoch.lastCall.aborted, epoch.ended.aborted]).toEqual([true, true, true]);
    }
  });

  test('that has ended is not brought back by a heartbeat that was on its way', () => {
    const epoch = fresh();
    epoch.end();
    epoch.renew(instant());
    expect([may(epoch, true), may(epoch, false)]).toEqual([false, false]);
  });
});

test('any number of requests may listen to its signals without a warning', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on('warning', note);
  const { closing, lastCall, ended } = fresh();
  for (let requests = 0; requests < 20; requests += 1) {
    for (const signal of [closing, lastCall, ended]) signal.addEventListener('abort', () => undefined);
  }
  // A warning is told before anything that is put off until now.
  await new Promise<void>((resolve) => {
    process.nextTick(resolve);
  });
  process.off('warning', note);
  expect(warnings).toEqual([]);
});
