import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, expect, test } from 'vitest';
import { keepLedger } from '../support/ledger.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { World } from '../support/world.ts';

const STATUSES = [302, 307, 308] as const;
/** `here`: a path of the gateway that answers with a well-signed `S`; `elsewhere`: another server altogether. */
const TARGETS = ['here', 'elsewhere'] as const;
const CASES = STATUSES.flatMap((status) => TARGETS.map((target) => ({ status, target })));

let world: World;
let service: ServiceProcess;
let elsewhere: Server;
let arrivals = 0;

beforeAll(async () => {
  elsewhere = createServer((_request, response) => {
    arrivals += 1;
    response.end();
  }).listen(0, '127.0.0.1');
  await once(elsewhere, 'listening');
  const location = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`;
  const [shared, end] = await World.shared({
    partitions: CASES.length,
    profile: {
      rules: CASES.map(({ status, target }) => ({
        when: { paymentId: `${target}-${status}`, attempt: 1 },
        answer: { fault: 'redirect' as const, status, ...(target === 'elsewhere' && { location }) },
      })),
    },
    settings: { RETRY_DELAYS: '500ms' },
  });
  world = shared;
  for (const [partition, { status, target }] of CASES.entries()) {
    await world.write(partition, [`${target}-${status}`, `behind-${target}-${status}`]);
  }
  service = await world.start();
  await world.settled();
  return async () => {
    await end();
    elsewhere.close();
  };
});

test.each(CASES)('$status to $target: parked, and told again to the gateway itself', async ({ status, target }) => {
  const paymentId = `${target}-${status}`;
  const answers = world.simulator.requests().filter((request) => request.paymentId === paymentId);
  expect(answers.map(({ answered, verification }) => [answered, verification])).toEqual([
    [`redirect ${status}`, 'verified'],
    ['S SUCCESS', 'verified'],
  ]);
  const copies = (await world.records('retry.500ms')).filter(({ key }) => key?.toString() === paymentId);
  expect(copies.map(({ text }) => text['notifier-reason'])).toEqual(['redirect']);
});

test('nothing reached a target, and every event was delivered once', async () => {
  expect(arrivals).toBe(0);
  expect(world.simulator.requests().filter(({ verification }) => verification !== 'verified')).toEqual([]);
  expect(await service.metric('notifier_no_result_total{reason="redirect"}')).toBe(CASES.length);
  const ledger = await keepLedger(world);
  expect(ledger).toMatchObject({ lost: [], doubled: [], parked: [], uncommitted: [], disorder: [], repeats: 0 });
  expect(ledger.delivered).toHaveLength(2 * CASES.length);
});
