import { describe, expect, test } from 'vitest';
import type { DescribedTopic, Operation } from '../../../../src/kafka/kafkajs/described.ts';
import { checkBrokers } from '../../../../src/operate/doctor/brokers.ts';
import { checkCertificates, checkValidity } from '../../../../src/operate/doctor/certificates.ts';
import { checkClientId, checkGateway } from '../../../../src/operate/doctor/gateway.ts';
import { checkGroup, checkStart } from '../../../../src/operate/doctor/group.ts';
import { checkRegistry } from '../../../../src/operate/doctor/registry.ts';
import { checkRights } from '../../../../src/operate/doctor/rights.ts';
import { checkSessionTimeout } from '../../../../src/operate/doctor/time-limits.ts';
import { ASSIGNER_NAME } from '../../../../src/core/assignment.ts';
import { certificateFor } from '../../../support/keys.ts';

const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-11-28T00:00:00Z');

describe('certificates', () => {
  const from = NOW - DAY_MS;
  test.each([
    ['fail', NOW],
    ['warn', NOW + 1],
    ['warn', NOW + 30 * DAY_MS - 1],
    ['ok', NOW + 30 * DAY_MS],
  ])('%s for one that ends at %s', (status, to) => {
    expect(checkValidity('c', { subject: 'CN=c', from, to }, NOW).status).toBe(status);
  });

  test('a client certificate needs its own key', async () => {
    const [own, other] = await Promise.all([certificateFor(['a']), certificateFor(['b'])]);
    const check = (key: string) =>
      checkCertificates(
        [{ setting: 'CERT', pem: Buffer.from(own.cert), key: { setting: 'KEY', pem: Buffer.from(key) } }],
        Date.now(),
      ).map(({ status }) => status);
    expect(check(own.key)).toEqual(['ok']);
    expect(check(other.key)).toEqual(['ok', 'fail']);
  });
});

describe('the clock', () => {
  const skewed = (skewMs: number) =>
    checkGateway(
      new URL('https://g.example'),
      { seen: { kind: 'answered', status: 404, date: NOW, at: NOW + 500 + skewMs, certificate: undefined } },
      NOW,
    ).find(({ name }) => name === 'clock')?.status;
  test.each([
    [0, 'ok'],
    [-5_400, 'ok'],
    [5_600, 'warn'],
    [-60_400, 'warn'],
    [60_600, 'fail'],
  ])('%s ms away is %s', (skewMs, status) => {
    expect(skewed(skewMs)).toBe(status);
  });
});

test.each([
  ['SANDBOX_1', 'https://open-sea-global.alipayplus.com', 'fail'],
  ['SANDBOX_1', 'https://open-na.alipayplus.com', 'fail'],
  ['SANDBOX_1', 'https://sandbox.example', 'ok'],
  ['2022', 'https://open-na.alipayplus.com', 'ok'],
  ['2022', 'https://open-na.alipayplus.com.evil.example', 'warn'],
  ['2022', 'https://sandbox.example', 'fail'],
  ['2022', 'https://127.0.0.1:8443', 'ok'],
])('the id %s at %s is %s', (id, url, status) => {
  expect(checkClientId(new URL(url), id).status).toBe(status);
});

test('a gateway that cannot be reached is told apart from one that is wrong', () => {
  const told = (phase: 'resolve' | 'connect' | 'tls' | 'await_response') =>
    checkGateway(new URL('https://g.example'), { seen: { kind: 'no_response', phase, code: 'E' } }, NOW)[0]?.finding;
  expect([told('resolve'), told('connect')]).toEqual([
    expect.stringMatching(/^cannot reach/),
    expect.stringMatching(/^cannot reach/),
  ]);
  expect([told('tls'), told('await_response')]).toEqual([
    expect.stringMatching(/^wrong/),
    expect.stringMatching(/^wrong/),
  ]);
});

test('one of the configured brokers is enough, each advertised one counts', () => {
  const bad = { unseen: new Error('connect ECONNREFUSED') };
  const statuses = (configured: object[], advertised: object[] = []) =>
    checkBrokers({ configured, advertised } as never).map(({ status }) => status);
  const [up, down] = [
    { address: 'a:1', reached: { seen: 1 } },
    { address: 'b:1', reached: bad },
  ];
  expect(statuses([up, down])).toEqual(['ok', 'warn']);
  expect(statuses([down])).toEqual(['fail']);
  expect(statuses([up], [down])).toEqual(['ok', 'fail']);
});

test('not allowed is told apart from not there', () => {
  const found = (error: Error) =>
    checkBrokers({ configured: [{ address: 'a:1', reached: { unseen: error } }], advertised: [] })[0];
  expect(found(new Error('SASL PLAIN authentication failed'))?.finding).toMatch(/^not allowed/);
  expect(found(new Error('connect ECONNREFUSED'))?.finding).toMatch(/^cannot reach/);
  expect(found(new Error('self-signed certificate'))?.finding).toMatch(/^wrong/);
});

test('every right that run needs is asked for, and no other', () => {
  const topic = (allowed: readonly Operation[] | undefined): DescribedTopic => ({
    topic: 'pf.retry.5s',
    partitions: [],
    allowed: allowed && new Set(allowed),
  });
  const group = { seen: { state: 'Empty', protocol: '', members: [], allowed: new Set(['READ']), elsewhere: false } };
  const check = (allowed: readonly Operation[] | undefined, seen: object = group, mayWrite = true) =>
    checkRights({
      topics: [{ role: 'retry', described: topic(allowed) }],
      ...{ groupId: 'g', group: seen as never, user: 'notifier' },
      redrives: { transactionalId: 'g.redrive', mayWrite: { seen: mayWrite } },
    });
  const all: Operation[] = ['DESCRIBE', 'READ', 'WRITE', 'DESCRIBE_CONFIGS'];
  expect(check(all).map(({ status }) => status)).toEqual(['ok']);
  for (const one of all) {
    const [lacking] = check(all.filter((other) => other !== one));
    expect(lacking).toMatchObject({ status: 'fail', finding: `not allowed: ${one} on TOPIC pf.retry.5s` });
    expect(lacking?.remedy).toContain('User:notifier');
  }
  expect(check(undefined).map(({ status }) => status)).toEqual(['warn']);
  const forbidden = { unseen: Object.assign(new Error('no'), { type: 'GROUP_AUTHORIZATION_FAILED' }) };
  expect(check(all, forbidden)[0]?.finding).toBe('not allowed: READ on GROUP g');
  const [unclosed] = check(all, group, false);
  expect(unclosed).toMatchObject({
    status: 'warn',
    finding: expect.stringMatching(/^not allowed: WRITE on TRANSACTIONAL_ID g\.redrive/) as string,
    remedy: expect.stringMatching(/--operation WRITE --transactional-id g\.redrive$/) as string,
  });
});

test('a group is ours, empty, or taken', () => {
  const members = [{ clientId: 'c', host: '/10.0.0.1' }];
  const seen = (parts: object) =>
    checkGroup('g', {
      seen: { state: 'Stable', protocol: '', members: [], allowed: undefined, elsewhere: false, ...parts },
    })[0];
  expect(seen({})?.status).toBe('ok');
  expect(seen({ protocol: ASSIGNER_NAME, members })?.status).toBe('ok');
  expect(seen({ protocol: 'range', members })?.finding).toBe('wrong: something else uses it: c at 10.0.0.1');
  expect(seen({ elsewhere: true })?.status).toBe('fail');
});

test('offsets that have expired are told apart from a first start', () => {
  const start = (committed: number, parked: number) =>
    checkStart({
      ...{ groupId: 'g', source: 'pf', startFrom: 'earliest', partitions: 2 },
      positions: {
        seen: new Map([
          ['pf', { committed, withRecords: 2 }],
          ['pf.retry.5s', { committed: 0, withRecords: parked }],
        ]),
      },
    })[0];
  expect(start(0, 0)).toMatchObject({
    status: 'ok',
    finding: expect.stringContaining('START_FROM=earliest') as string,
  });
  expect(start(0, 1)).toMatchObject({ status: 'fail', finding: expect.stringContaining('expired') as string });
  expect(start(1, 1)).toMatchObject({ status: 'ok', finding: expect.stringContaining('1 of 2 partitions') as string });
});

test.each([
  [{ status: 401 }, 'fail', /^not allowed/],
  [{ status: 404 }, 'fail', /^wrong: it answered 404/],
  [{ status: 500 }, 'fail', /^wrong: it answered 500/],
  [{ status: 404, code: 40401 }, 'ok', /^answers/],
])('a registry that answers %j is %s', (latest, status, finding) => {
  const [check] = checkRegistry({ subject: 'pf-value', latest: { seen: latest } });
  expect(check).toMatchObject({ status, finding: expect.stringMatching(finding) as string });
});

test('a session timeout is compared with the bounds of the brokers', () => {
  const bounds = new Map([
    ['group.min.session.timeout.ms', '6000'],
    ['group.max.session.timeout.ms', '60000'],
  ]);
  const status = (ms: number) => checkSessionTimeout(ms, { seen: bounds }).status;
  expect([5_999, 6_000, 60_000, 60_001].map(status)).toEqual(['fail', 'ok', 'ok', 'fail']);
  expect(checkSessionTimeout(1, { unseen: new Error('silence') }).status).toBe('warn');
});
