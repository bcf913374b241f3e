import { beforeAll, expect, test } from 'vitest';
import type { Answer } from '../../src/simulator/faults.ts';
import { expectAccounted } from '../support/expect-accounted.ts';
import { held } from '../support/held-reasons.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const PARTITIONS = 3;
const HOLD_AFTER = 4;
/** A probe leaves within 5 s of the one before; the rest is for a busy machine. */
const NOTICED_WITHIN_MS = 6_000;

let world: World;
let service: ServiceProcess;

beforeAll(async () => {
  const [shared, end] = await World.shared({
    partitions: PARTITIONS,
    settings: { OUTAGE_HOLD_AFTER: String(HOLD_AFTER), GATEWAY_TIMEOUT: '500ms' },
  });
  world = shared;
  service = await world.start();
  return end;
});

const OUTAGES: [name: string, fault: Answer, reason: string][] = [
  ['no answer', { fault: 'no_answer' }, 'outage'],
  ['connections reset', { fault: 'reset_after_read' }, 'outage'],
  ['HTTP 503', { fault: 'http', status: 503 }, 'outage'],
  ['nothing signed', { code: 'SUCCESS', sign: 'none' }, 'untrusted_response'],
];

test.each(OUTAGES)('%s', async (name, fault, reason) => {
  const parkedBefore = await parked();
  const before = await stillHeld();
  world.simulator.play({ default: fault });
  await world.writeEverywhere(8, name);

  await until('the hold', async () => (await held(service))[reason] === 1);
  await until('two probes to be in vain', async () => (await stillHeld()) >= before + 2);
  expect(await held(service)).toEqual({ [reason]: 1 });
  const parkedByIt = (await parked()) - parkedBefore;
  expect(parkedByIt).toBeGreaterThanOrEqual(HOLD_AFTER);
  // Those that began it, and what was in flight then: one request a lane, of the source and of the first retry tier.
  expect(parkedByIt).toBeLessThanOrEqual(HOLD_AFTER + 2 * PARTITIONS);
  expect((await service.get('/readyz')).status).toBe(200);
  expect((await service.get('/livez')).status).toBe(200);

  const sent = world.simulator.requests().length;
  world.simulator.play({});
  const healedAt = Date.now();
  const first = await until('a request after the fault', () => world.simulator.requests()[sent]);
  expect(first.at - healedAt).toBeLessThan(NOTICED_WITHIN_MS);
  const ledger = await expectAccounted(world);
  expect(await held(service)).toEqual({});
  expect(ledger.deadLettered).toEqual([]);
  expect(ledger.repeats).toBe(0);
  expect(ledger.delivered).toHaveLength(world.written.length);
});

test('OUTAGE_HOLD_AFTER=0 parks one by one and never holds', async () => {
  const patient = await World.create({
    settings: { OUTAGE_HOLD_AFTER: '0' },
    profile: { default: { fault: 'not_json' } },
  });
  await patient.writeEverywhere(10);
  const member = await patient.start();
  await until('all to be parked', async () => (await patient.records('retry.1s')).length === 30);
  expect(await held(member)).toEqual({});
  patient.simulator.play({});
  const ledger = await expectAccounted(patient);
  expect(ledger.delivered).toHaveLength(30);
});

async function parked(): Promise<number> {
  const tiers = await Promise.all((await world.topicSuffixes()).map((suffix) => world.records(suffix)));
  return tiers.flat().length;
}

async function stillHeld(): Promise<number> {
  return (await service.metric('notifier_hold_probes_total{result="still_held"}')) ?? 0;
}
