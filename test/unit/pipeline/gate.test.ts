import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../src/core/outcome.ts';
import { Abandoned } from '../../../src/pipeline/ports.ts';
import { pass as passTime, soon, useVirtualTime } from '../../support/fixtures.ts';
import { DELIVERED, gateWith, NO_RESULT } from '../../support/scripted-gate.ts';

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
    expect(done('a', undefined)).toBe('settle');
    await soon();
    expect(entered).toEqual(['a', 'b']);
  });

  test('leaves nothing behind on the ownership of a lane that comes and goes', async () => {
    const { gate } = gateWith({ maxInFlight: 1 });
    const ownership = new AbortController().signal;
    for (let count = 0; count < 3; count += 1) {
      const pass = await gate.enter(ownership, 'live');
      expect(getEventListeners(ownership, 'abort')).toEqual([]);
      pass.done(undefined);
    }
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

describe('where sending is scarce', () => {
  test('live records go before retries, yet every tenth turn is a retry’s', async () => {
    const { entered, enter, done } = gateWith({ maxInFlight: 1 });
    enter('first');
    for (let at = 0; at < 3; at += 1) enter(`retry ${String(at)}`, 'retry');
    for (let at = 0; at < 25; at += 1) enter(`live ${String(at)}`, 'live');
    for (let turn = 0; turn < 29; turn += 1) {
      await soon();
      done(entered.at(-1) ?? '', DELIVERED);
    }
    const retries = entered.flatMap((name, at) => (name.startsWith('retry') ? [at] : []));
    expect(retries).toEqual([10, 20, 28]);
    expect(entered.filter((name) => name.startsWith('live')).map((name) => Number(name.slice(5)))).toEqual(
      Array.from({ length: 25 }, (_, at) => at),
    );
  });

  test('retries have it all to themselves while no live record waits', async () => {
    const { entered, enter, done } = gateWith({ maxInFlight: 1 });
    for (let at = 0; at < 3; at += 1) enter(String(at), 'retry');
    for (let turn = 0; turn < 3; turn += 1) {
      await soon();
      done(String(turn), DELIVERED);
    }
    expect(entered).toEqual(['0', '1', '2']);
  });
});

describe('a gateway that refuses for the traffic', () => {
  const EXCEEDED: Outcome = { kind: 'unknown', code: 'REQUEST_TRAFFIC_EXCEED_LIMIT' };

  test('is sent to at nine tenths of what it took in the last second, told once, shown, and forgotten in time', async () => {
    const { gate, entered, enter, done, facts } = gateWith();
    enter('earlier');
    await passTime(1_000);
    for (let at = 0; at < 22; at += 1) enter(String(at));
    await soon();
    expect(gate.rateLimit).toBe(0);
    for (let at = 0; at < 20; at += 1) done(String(at), DELIVERED);
    await passTime(1_000);
    expect(done('20', EXCEEDED)).toBe('settle');
    expect(facts).toEqual([]);
    expect(done('21', EXCEEDED)).toBe('settle');
    expect(gate.rateLimit).toBeCloseTo(18);
    expect(facts).toEqual([{ kind: 'pace', limited: true, perSecond: gate.rateLimit }]);
    for (let at = 0; at < 40; at += 1) enter(`after ${String(at)}`);
    await passTime(1_000);
    expect(entered.length - 23).toBeGreaterThanOrEqual(18);
    expect(entered.length - 23).toBeLessThanOrEqual(20);
    await passTime(30_000);
    expect(gate.rateLimit).toBe(0);
    done('after 0', DELIVERED);
    expect(facts.at(-1)).toEqual({ kind: 'pace', limited: false, perSecond: 0 });
  });

  test('is not thought to have taken what brought no result', async () => {
    const { gate, enter, done } = gateWith();
    for (let at = 0; at < 32; at += 1) enter(String(at));
    await passTime(1_000);
    for (let at = 0; at < 20; at += 1) done(String(at), at % 2 === 0 ? DELIVERED : NO_RESULT);
    for (const at of [30, 31]) done(String(at), EXCEEDED);
    expect(gate.rateLimit).toBeCloseTo(9);
  });

  test('is not slowed down for a payment that it refuses by that name', async () => {
    const { gate, enter, done, facts } = gateWith();
    enter('a');
    await soon();
    done('a', { kind: 'rejected', code: 'REQUEST_TRAFFIC_EXCEED_LIMIT' });
    expect([gate.rateLimit, facts]).toEqual([0, []]);
  });

  test('slows once for all that was on its way', async () => {
    const { gate, enter, done } = gateWith();
    for (let at = 0; at < 20; at += 1) enter(String(at));
    await soon();
    for (let at = 0; at < 10; at += 1) done(String(at), DELIVERED);
    for (const at of [10, 11]) done(String(at), EXCEEDED);
    const limit = gate.rateLimit;
    expect(limit).toBeGreaterThan(0);
    await passTime(50);
    for (let at = 12; at < 20; at += 1) done(String(at), EXCEEDED);
    expect(gate.rateLimit).toBeGreaterThanOrEqual(limit);
  });

  test('is sent less also where it cannot sign that it refuses, and holds nothing while that can help', async () => {
    const { gate, entered, queue, done, facts, kinds } = gateWith({ outageHoldAfter: 5 });
    const until = async (came: () => boolean): Promise<void> => {
      while (!came()) await passTime(100);
    };
    const unsigned: Outcome = {
      kind: 'no_result',
      reason: 'untrusted_response',
      claims: 'REQUEST_TRAFFIC_EXCEED_LIMIT',
    };
    for (let at = 0; at < 30; at += 1) queue(String(at));
    await soon();
    for (let at = 0; at < 30; at += 1) expect(done(String(at), unsigned)).toBe('settle');
    expect(gate.rateLimit).toBeCloseTo(0.5);
    expect(kinds()).toEqual(['pace']);
    for (let at = 30; at < 40; at += 1) queue(String(at));
    for (let at = 30; at < 35; at += 1) {
      expect(kinds()).toEqual(['pace']);
      await until(() => entered.length > at);
      done(String(at), unsigned);
    }
    expect(facts.at(-1)).toMatchObject({ kind: 'hold_began', reason: 'outage' });
  });

  test('never raises the configured cap', async () => {
    const { gate, enter, done } = gateWith({ maxRate: 5 });
    enter('a');
    enter('b');
    await passTime(1_000);
    expect(gate.rateLimit).toBe(5);
    done('a', EXCEEDED);
    done('b', EXCEEDED);
    expect(gate.rateLimit).toBeLessThan(5);
    await passTime(60_000);
    expect(gate.rateLimit).toBe(5);
  });
});

describe('GATEWAY_MAX_RATE', () => {
  test('spaces requests evenly, however many wait', async () => {
    const { entered, queue } = gateWith({ maxRate: 10 });
    queue('a', 'b', 'c', 'd');
    await soon();
    expect(entered).toEqual(['a']);
    // The first one may be as early as a late timer would have been late: 20 ms.
    await passTime(79);
    expect(entered).toEqual(['a']);
    await passTime(1);
    expect(entered).toEqual(['a', 'b']);
    await passTime(99);
    expect(entered).toEqual(['a', 'b']);
    await passTime(101);
    expect(entered).toEqual(['a', 'b', 'c', 'd']);
  });

  test('saves nothing up while nobody sends', async () => {
    const { entered, queue } = gateWith({ maxRate: 10 });
    queue('a');
    await passTime(60_000);
    queue('b', 'c', 'd');
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
