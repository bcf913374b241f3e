import { expect, test } from 'vitest';
import { expectAccounted } from '../support/expect-accounted.ts';
import { held } from '../support/held-reasons.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const BAD = 'BAD';
const LIMITS = { withinMs: 90_000, everyMs: 150 };

test.each([
  ['INVALID_SIGNATURE', 'none'],
  ['ACCESS_DENIED', 'good'],
] as const)('%s, told to one payment alone, makes it a dead letter; all others are delivered', async (code, sign) => {
  const world = await World.create({ profile: { rules: [{ when: { paymentId: BAD }, answer: { code, sign } }] } });
  await world.writeEverywhere(5, 'before');
  await world.write(0, [BAD]);
  await world.writeEverywhere(5, 'after');
  const service = await world.start();
  const others = await writeUntil(world, 'the dead letter', () => becameDeadLetter(service));

  const ledger = await expectAccounted(world);
  expect(ledger.deadLettered).toEqual([BAD]);
  expect(ledger.delivered).toHaveLength(30 + others);
  expect(ledger.repeats).toBe(0);
  const [letter] = await world.records('dead-letter');
  expect(letter?.text).toMatchObject({ 'notifier-dead-letter-reason': 'rejected', 'notifier-reason': code });
  expect(Number(letter?.text['notifier-attempts'])).toBeGreaterThanOrEqual(4);
  expect(await held(service)).toEqual({});
});

test('a payment that is never answered is parked again and again, and nobody else waits for it', async () => {
  const world = await World.create({
    profile: { rules: [{ when: { paymentId: BAD }, answer: { fault: 'no_answer' } }] },
    settings: { OUTAGE_HOLD_AFTER: '2', GATEWAY_TIMEOUT: '500ms', RETRY_DELAYS: '1s', RETRY_MAX_AGE: '4s' },
  });
  await world.write(0, [BAD]);
  await world.writeEverywhere(5);
  const service = await world.start();
  const others = await writeUntil(world, 'its retries to be exhausted', () => becameDeadLetter(service));

  const ledger = await expectAccounted(world);
  expect(ledger.deadLettered).toEqual([BAD]);
  expect(ledger.delivered).toHaveLength(15 + others);
  const [letter] = await world.records('dead-letter');
  expect(letter?.text).toMatchObject({
    'notifier-dead-letter-reason': 'retries_exhausted',
    'notifier-reason': 'timeout',
  });
  expect(await world.records('retry.1s')).not.toEqual([]);
  expect(service.log.filter(({ event }) => event === 'hold_began')).toEqual([]);
});

test('faults of everyone, one after another, make nobody a dead letter', async () => {
  const world = await World.create();
  const service = await world.start();
  for (const code of ['KEY_NOT_FOUND', 'ACCESS_DENIED', 'INVALID_CLIENT', 'KEY_NOT_FOUND']) {
    world.simulator.play({ default: { code, sign: 'none' } });
    await world.writeEverywhere(3, `${code}-${String(world.written.length)}`);
    await until('a probe in vain', async () => (await held(service))[code] === 1);
    world.simulator.play({});
    await until('the hold to end', async () => Object.keys(await held(service)).length === 0);
  }
  const ledger = await expectAccounted(world);
  expect(ledger.deadLettered).toEqual([]);
  expect(ledger.delivered).toHaveLength(36);
  expect(ledger.repeats).toBe(0);
});

/** Keeps the other partitions going, an event each at a time, until this is so; tells how many it took. */
async function writeUntil(world: World, what: string, condition: () => boolean): Promise<number> {
  let written = 0;
  const write = async (): Promise<boolean> => {
    if (condition()) return true;
    for (const partition of [1, 2]) {
      written += 1;
      await world.write(partition, [`other-${String(written)}`]);
    }
    return false;
  };
  await until(what, write, LIMITS);
  return written;
}

function becameDeadLetter(service: ServiceProcess): boolean {
  return service.log.some(({ event, paymentId }) => event === 'dead_letter' && paymentId === BAD);
}
