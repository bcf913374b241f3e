import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/core/outcome.ts';
import { Abandoned } from '../../src/pipeline/ports.ts';
import { pass as passTime, soon, useVirtualTime } from '../support/fixtures.ts';
import { DELIVERED, gateWith, NO_RESULT } from '../support/scripted-gate.ts';

useVirtualTime();

describe('an open gate', () => {
  test('lets everyone through at once, in the order they came', async () => {
    const { entered, queue, gate } = gateWith();
    queue('a', 'b', 'c');
    await soon();
    expect(entered).toEqual(['a', 'b', 'c']);
    expect(gate.inFlight).toBe(3);
  });

  test('settles every outcome but a systemic one', async () => {
    for (const outcome of [DELIVERED, NO_RESULT, { kind: 'unknown', code: 'X' }, { kind: 'rejected', code: 'X' }]) {
      const { enter, done, facts } = gateWith();
      enter('a');
      await soon();
      expect(done('a', outcome as Outcome)).toBe('settle');
      expect(facts).toEqual([]);
    }
  });

  test('turns away whoever is closing already', async () => {
    const { gate } = gateWith();
    await expect(gate.enter(AbortSignal.abort(), 'live')).rejects.toBeInstanceOf(Abandoned);
    expect(gate.inFlight).toBe(0);
  });
});

describe('GATEWAY_MAX_IN_FLIGHT', () => {
  test('is never passed, and each request that ends lets the next one go, first come first served', async () => {
    const { gate, entered, queue, done } = gateWith({ maxInFlight: 2 });
    queue('a', 'b', 'c', 'd');
    await soon();
    expect(entered).toEqual(['a', 'b']);
    done('b', DELIVERED);
    await soon();
    expect(entered).toEqual(['a', 'b', 'c']);
    done('a', NO_RESULT);
    await soon();
    expect(entered).toEqual(['a', 'b', 'c', 'd']);
    expect(gate.inFlight).toBe(2);
  });

  test('gets back the place of a request that was never sent', async () => {
    const { entered, queue, done } = gateWith({ maxInFlight: 1 });
    queue('a', 'b');
    await soon();
    done('a', undefined);
    await soon();
    expect(entered).toEqual(['a', 'b']);
  });

  test('loses no place to a waiter that gives up', async () => {
    const { gate, entered, given, enter, done } = gateWith({ maxInFlight: 1 });
    enter('a');
    const b = enter('b');
    enter('c');
    await soon();
    b.abort();
    done('a', DELIVERED);
    await soon();
    expect(given).toEqual(['b abandoned']);
    expect(entered).toEqual(['a', 'c']);
    expect(gate.inFlight).toBe(1);
  });
});

describe('GATEWAY_MAX_RATE', () => {
  test('spaces requests evenly, however many wait', async () => {
    const { entered, queue } = gateWith({ maxRate: 10 });
    queue('a', 'b', 'c', 'd');
    await soon();
    expect(entered).toEqual(['a']);
    await passTime(99);
    expect(entered).toEqual(['a']);
    await passTime(1);
    expect(entered).toEqual(['a', 'b']);
    await passTime(200);
    expect(entered).toEqual(['a', 'b', 'c', 'd']);
  });

  test('saves nothing up while nobody sends', async () => {
    const { entered, queue } = gateWith({ maxRate: 10 });
    queue('a');
    await passTime(60_000);
    queue('b', 'c');
    await soon();
    expect(entered).toEqual(['a', 'b']);
    await passTime(100);
    expect(entered).toEqual(['a', 'b', 'c']);
  });

  test('and the cap of requests in flight hold both', async () => {
    const { entered, queue, done } = gateWith({ maxRate: 10, maxInFlight: 1 });
    queue('a', 'b', 'c');
    await passTime(1_000);
    expect(entered).toEqual(['a']);
    done('a', DELIVERED);
    await soon();
    done('b', DELIVERED);
    await soon();
    expect(entered).toEqual(['a', 'b']);
    await passTime(100);
    expect(entered).toEqual(['a', 'b', 'c']);
  });
});
