import { beforeAll, expect, test } from 'vitest';
import { sampleEvent } from '../../src/cli/sample-events.ts';
import { keepLedger } from '../support/ledger.ts';
import { until } from '../support/until.ts';
import { World, type RawRecord } from '../support/world.ts';

/** Codes by which one event is refused for good; the last one is on no page. */
const TERMINAL = ['PROCESS_FAIL', 'PARAM_ILLEGAL', 'NO_SUCH_PAYMENT'];

/** A refused event of each code under each of these keys; good events stand before, between and behind them. */
const KEYS: [name: string, key: string | null][] = [
  ['its own', 'K-1'],
  ['null', null],
  ['an empty', ''],
];

let world: World;

beforeAll(async () => {
  const [shared, end] = await World.shared({
    partitions: 3,
    profile: {
      rules: TERMINAL.map((code) => ({ when: { paymentId: `${code}-*` }, answer: { result: 'F' as const, code } })),
    },
  });
  world = shared;
  for (const [partition, code] of TERMINAL.entries()) {
    await world.writeRaw(partition, [
      event(`before-${code}`, 'before'),
      ...KEYS.flatMap(([name, key]) => [event(`${code}-${name}`, key), event(`after-${code}-${name}`, 'after')]),
    ]);
  }
  await world.start();
  await world.settled();
  return end;
});

const CASES = TERMINAL.flatMap((code) => KEYS.map(([name]): [string, string] => [code, name]));

test.each(CASES)('%s, %s key', async (code, name) => {
  const paymentId = `${code}-${name}`;
  const at = world.written.find((record) => record.paymentId === paymentId);
  const [source] = (await world.records('')).filter((record) => {
    return record.partition === at?.partition && record.offset === at.offset;
  });
  const [letter, ...others] = (await world.records('dead-letter')).filter(({ text, partition }) => {
    return partition === at?.partition && text['notifier-origin-offset'] === String(at.offset);
  });
  expect(others).toEqual([]);
  expect(letter).toMatchObject({ key: source?.key, value: source?.value });
  expect(letter?.values['repeated']?.map(String)).toEqual(['one', 'two']);
  const [request, ...more] = world.simulator.requests().filter((request) => request.paymentId === paymentId);
  expect(more).toEqual([]);
  expect(letter?.text).toEqual({
    repeated: 'one',
    'notifier-origin-topic': world.source,
    'notifier-origin-partition': String(at?.partition),
    'notifier-origin-offset': String(at?.offset),
    'notifier-origin-timestamp': String(source?.timestamp),
    'notifier-attempts': '1',
    'notifier-hops': '0',
    'notifier-first-attempt-at': expect.stringMatching(/^\d{13}$/) as string,
    'notifier-last-attempt-at': letter?.text['notifier-first-attempt-at'],
    ...(letter?.key?.length ? {} : { 'notifier-payment-id': paymentId }),
    'notifier-reason': code,
    'notifier-body': request?.body,
    'notifier-dead-letter-reason': 'rejected',
  });
});

test('the others flow on, and nothing is refused twice', async () => {
  const ledger = await keepLedger(world);
  expect(ledger).toMatchObject({ lost: [], doubled: [], parked: [], uncommitted: [], disorder: [], repeats: 0 });
  expect(ledger.deadLettered).toHaveLength(CASES.length);
  expect(ledger.delivered).toHaveLength(TERMINAL.length * (KEYS.length + 1));
  expect(world.simulator.requests()).toHaveLength(world.written.length);
});

test('TERMINAL_CODES makes a systemic code terminal, HOLD_CODES a terminal one a hold', async () => {
  const moved = await World.create({
    partitions: 1,
    profile: {
      rules: [
        { when: { paymentId: 'denied' }, answer: { code: 'ACCESS_DENIED' } },
        { when: { paymentId: 'held' }, answer: { code: 'PROCESS_FAIL' } },
      ],
    },
    settings: { TERMINAL_CODES: 'ACCESS_DENIED', HOLD_CODES: 'PROCESS_FAIL' },
  });
  await moved.write(0, ['denied', 'held', 'behind']);
  const service = await moved.start();
  await until('the hold', async () => (await service.metric('notifier_hold{reason="PROCESS_FAIL"}')) === 1);
  expect((await moved.records('dead-letter')).map(({ text }) => text['notifier-reason'])).toEqual(['ACCESS_DENIED']);
  expect((await moved.committed()).get(0)).toBe(1);

  moved.simulator.play({});
  await moved.settled();
  expect(await keepLedger(moved)).toMatchObject({
    ...{ lost: [], doubled: [], parked: [], uncommitted: [], disorder: [], repeats: 0 },
    ...{ deadLettered: ['denied'], delivered: ['held', 'behind'] },
  });
});

function event(paymentId: string, key: string | null): RawRecord {
  const headers = { repeated: ['one', 'two'] };
  return { paymentId, key, value: world.encode(sampleEvent(paymentId, false)), headers };
}
