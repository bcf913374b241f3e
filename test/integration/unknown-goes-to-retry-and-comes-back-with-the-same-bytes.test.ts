import { beforeAll, expect, test } from 'vitest';
import type { Profile } from '../../src/simulator/faults.ts';
import type { ReceivedRequest } from '../../src/simulator/request-log.ts';
import { sampleEvent } from '../../src/cli/sample-events.ts';
import { keepLedger } from '../support/ledger.ts';
import type { StoredRecord } from '../support/topic-reader.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

type Answer = NonNullable<Profile['default']>;

/** How the first three requests of a payment are answered; the fourth is told `S`. */
const UNKNOWN: [name: string, answer: Answer, reason: string][] = [
  ['result', { code: 'UNKNOWN_EXCEPTION' }, 'UNKNOWN_EXCEPTION'],
  ['unlisted', { result: 'U', code: 'SOMETHING_NEW' }, 'SOMETHING_NEW'],
  ['timeout', { fault: 'no_answer' }, 'timeout'],
  ['reset', { fault: 'reset_after_read' }, 'connection_reset'],
];

const OWN_HEADERS = {
  'trace-id': 'abc',
  several: ['first', 'second', 'first'],
  binary: Buffer.from([0xff, 0x00, 0xfe]),
  empty: '',
};

/** What a source record may not say of itself. */
const FORGED = {
  'notifier-attempts': '99',
  'notifier-hops': '7',
  'notifier-origin-topic': 'elsewhere',
  'notifier-origin-offset': '1234',
  'notifier-not-before': '9999999999999',
  'notifier-body': '{"paymentId":"FORGED"}',
  'notifier-reason': 'forged',
  'notifier-redrive-id': 'forged',
  'notifier-redrive-count': '3',
  'notifier-of-our-own': 'forged',
};

let world: World;
const parked: Record<string, StoredRecord[]> = {};

beforeAll(async () => {
  const [shared, end] = await World.shared({
    profile: {
      rules: UNKNOWN.map(([name, answer]) => ({ when: { paymentId: `${name}-*`, attempt: { to: 3 } }, answer })),
    },
    settings: { RETRY_DELAYS: '1s,2s', GATEWAY_TIMEOUT: '500ms', OUTAGE_HOLD_AFTER: '0' },
  });
  world = shared;
  await world.write(0, ['good-1']);
  for (const [name] of UNKNOWN) {
    const value = world.encode(sampleEvent(`${name}-1`, true));
    const headers = { ...OWN_HEADERS, ...FORGED };
    await world.writeRaw(2, [{ paymentId: `${name}-1`, key: `key of ${name}`, value, headers }]);
  }
  await world.write(1, ['result-null'], { key: null });
  await world.write(2, ['good-2']);
  await world.start();
  await until('everything to be delivered', () => answered('S SUCCESS').length === world.written.length);
  await world.settled();
  for (const tier of ['1s', '2s']) parked[tier] = await world.records(`retry.${tier}`);
  return end;
});

test.each(UNKNOWN)('%s: parked tier by tier, then sent again with the same bytes', async (name, _answer, reason) => {
  const paymentId = `${name}-1`;
  const requests = requestsFor(paymentId);
  expect(requests).toHaveLength(4);
  expect(new Set(requests.map(({ body }) => body)).size).toBe(1);
  expect(requests.map(({ verification }) => verification)).toEqual(Array(4).fill('verified'));
  expect(new Set(requests.map(({ requestTime }) => requestTime)).size).toBe(4);

  const origin = world.written.find((record) => record.paymentId === paymentId);
  const [source] = (await world.records('')).filter(({ partition, offset }) => {
    return partition === origin?.partition && offset === origin.offset;
  });
  const copies = copiesOf(paymentId);
  expect(copies.map(([tier]) => tier)).toEqual(['1s', '2s', '2s']);
  copies.forEach(([tier, { key, value, partition, values, text }], hop) => {
    const before = requests[hop]!;
    const after = requests[hop + 1]!;
    expect({ key, value, partition }).toEqual({ key: source?.key, value: source?.value, partition: 2 });
    const { firstAttemptAt, lastAttemptAt, notBefore } = times(text);
    expect(asText(values)).toEqual({
      'trace-id': ['abc'],
      several: ['first', 'second', 'first'],
      binary: [OWN_HEADERS.binary.toString('latin1')],
      empty: [''],
      'notifier-origin-topic': [world.source],
      'notifier-origin-partition': ['2'],
      'notifier-origin-offset': [String(origin?.offset)],
      'notifier-origin-timestamp': [String(source?.timestamp)],
      'notifier-attempts': [String(hop + 1)],
      'notifier-hops': [String(hop + 1)],
      'notifier-first-attempt-at': [String(firstAttemptAt)],
      'notifier-last-attempt-at': [String(lastAttemptAt)],
      'notifier-not-before': [String(notBefore)],
      'notifier-reason': [reason],
      'notifier-body': [before.body],
    });
    expect(firstAttemptAt).toBe(times(copies[0]![1].text).firstAttemptAt);
    expect(Math.abs(firstAttemptAt - requests[0]!.at)).toBeLessThan(1_000);
    expect(Math.abs(lastAttemptAt - before.at)).toBeLessThan(1_000);
    expect(notBefore).toBeGreaterThanOrEqual(lastAttemptAt + Number(tier[0]) * 1_000);
    expect(after.at).toBeGreaterThanOrEqual(notBefore);
  });
});

test('a null key stays null, and partitions keep their numbers', () => {
  const copies = copiesOf('result-null');
  expect(copies.map(([, { key, partition }]) => ({ key, partition }))).toEqual(
    Array(3).fill({ key: null, partition: 1 }),
  );
});

test('every event was delivered once, first attempts in order', async () => {
  const ledger = await keepLedger(world);
  expect(ledger).toMatchObject({ lost: [], doubled: [], uncommitted: [], parked: [], disorder: [], repeats: 0 });
  expect(ledger.delivered).toHaveLength(world.written.length);
});

test('past RETRY_MAX_AGE it is a dead letter, after a last attempt', async () => {
  const old = await World.create({
    partitions: 2,
    profile: { rules: [{ when: { paymentId: 'hopeless' }, answer: { code: 'UNKNOWN_EXCEPTION' } }] },
    settings: { RETRY_DELAYS: '1s', RETRY_MAX_AGE: '1500ms' },
  });
  await old.write(1, ['hopeless', 'good']);
  await old.start();
  await until('the dead letter', async () => (await old.records('dead-letter')).length > 0, {
    everyMs: 250,
  });
  await old.settled();

  const requests = old.simulator.requests().filter(({ paymentId }) => paymentId === 'hopeless');
  expect(requests).toHaveLength(3);
  const letters = await old.records('dead-letter');
  const [source] = (await old.records('')).filter(({ key }) => key?.toString() === 'hopeless');
  expect(letters).toMatchObject([{ key: source?.key, value: source?.value, partition: 1 }]);
  expect(letters[0]?.text).toEqual({
    'notifier-origin-topic': old.source,
    'notifier-origin-partition': '1',
    'notifier-origin-offset': '0',
    'notifier-origin-timestamp': String(source?.timestamp),
    'notifier-attempts': '3',
    'notifier-hops': '2',
    'notifier-first-attempt-at': expect.any(String) as string,
    'notifier-last-attempt-at': expect.any(String) as string,
    'notifier-reason': 'UNKNOWN_EXCEPTION',
    'notifier-body': requests[0]?.body,
    'notifier-dead-letter-reason': 'retries_exhausted',
  });
  const { firstAttemptAt, lastAttemptAt } = times(letters[0]?.text ?? {});
  expect(lastAttemptAt - firstAttemptAt).toBeGreaterThanOrEqual(1_500);
  expect(await keepLedger(old)).toMatchObject({
    ...{ lost: [], doubled: [], parked: [], uncommitted: [], disorder: [], repeats: 0 },
    ...{ delivered: ['good'], deadLettered: ['hopeless'] },
  });
});

test('a retry topic whose delay is no longer configured is still drained, with the bytes of then', async () => {
  const changed = await World.create({
    partitions: 2,
    profile: { rules: [{ when: { attempt: 1 }, answer: { code: 'UNKNOWN_EXCEPTION' } }] },
  });
  await changed.writeEverywhere(3);
  const before = await changed.start({ RETRY_DELAYS: '4s' });
  await until('all to be parked', async () =>
    [...(await changed.committed()).values()].every((offset) => offset === 3),
  );
  expect(await before.end()).toBe(0);
  expect(await keepLedger(changed)).toMatchObject({ lost: [], doubled: [], delivered: [], disorder: [] });

  await changed.start({ RETRY_DELAYS: '1s', PAYMENT_TIME_OFFSET: '+08:00' });
  await changed.settled();
  expect(await changed.records('retry.1s')).toEqual([]);
  for (const { partition, text } of await changed.records('retry.4s')) {
    const again = changed.simulator.requests().find(({ attempt, body }) => {
      return attempt === 2 && body === text['notifier-body'];
    });
    expect(again?.at, `partition ${partition}`).toBeGreaterThanOrEqual(times(text).notBefore);
  }
  const ledger = await keepLedger(changed);
  expect(ledger).toMatchObject({ lost: [], doubled: [], uncommitted: [], parked: [], disorder: [], repeats: 0 });
  expect(ledger.delivered).toHaveLength(6);
});

function requestsFor(paymentId: string): ReceivedRequest[] {
  return world.simulator.requests().filter((request) => request.paymentId === paymentId);
}

function answered(answer: string): ReceivedRequest[] {
  return world.simulator.requests().filter((request) => request.answered === answer);
}

/** The parked copies of a payment's event in the order in which they were written, each with its tier. */
function copiesOf(paymentId: string): [tier: string, copy: StoredRecord][] {
  return Object.entries(parked)
    .flatMap(([tier, records]) => records.map((record): [string, StoredRecord] => [tier, record]))
    .filter(([, { text }]) => text['notifier-body']?.includes(`"paymentId":"${paymentId}"`))
    .sort(([, a], [, b]) => Number(a.text['notifier-hops']) - Number(b.text['notifier-hops']));
}

function times(text: Readonly<Record<string, string>>) {
  const at = (name: string): number => Number(text[`notifier-${name}`]);
  return { firstAttemptAt: at('first-attempt-at'), lastAttemptAt: at('last-attempt-at'), notBefore: at('not-before') };
}

/** Text of our headers, bytes of the binary one. */
function asText(values: StoredRecord['values']): Record<string, (string | undefined)[]> {
  return Object.fromEntries(
    Object.entries(values).map(([name, all]) => [
      name,
      all.map((value) => value?.toString(name === 'binary' ? 'latin1' : 'utf8')),
    ]),
  );
}
