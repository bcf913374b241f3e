import { expect, test } from 'vitest';
import type { KafkaRecord } from '../../../src/core/record.ts';
import type { Fact } from '../../../src/pipeline/facts.ts';
import { ATTEMPT, captureLog, OUTCOME, PROVENANCE, RECORD, settled, T0, TRACE } from '../../support/captured-log.ts';

test('one wide line per attempt, with everything an auditor asks for and nothing secret', () => {
  expect(captureLog().lines(ATTEMPT)).toEqual([
    {
      level: 'info',
      time: '2026-11-22T10:00:00.000Z',
      service: 'payment-notifier',
      event: 'attempt',
      traceId: TRACE.traceId,
      paymentId: 'p-1',
      tier: '5s',
      record: 'pay.retry.5s:3:7',
      origin: 'pay:3:99',
      attempt: 2,
      hops: 1,
      outcome: 'unknown',
      resultCode: 'UNKNOWN_EXCEPTION',
      httpStatus: 200,
      verification: 'verified',
      disposition: 'retry',
      retryTier: '30s',
      notBefore: '2026-11-22T10:00:30.000Z',
      keyVersion: '4',
      startedAt: '2026-11-22T10:00:00.000Z',
      durationMs: 13,
    },
  ]);
});

test('an attempt without a result says how far it got and why', () => {
  const [line] = captureLog().lines({
    ...ATTEMPT,
    outcome: { kind: 'no_result', reason: 'connection_refused' },
    exchange: { kind: 'no_response', phase: 'connect', code: 'ECONNREFUSED' },
    disposition: { kind: 'hold', reason: 'outage' },
  });
  expect(line).toMatchObject({
    outcome: 'unknown',
    reason: 'connection_refused',
    phase: 'connect',
    code: 'ECONNREFUSED',
    disposition: 'hold',
  });
  expect(line).not.toHaveProperty('resultCode');
  expect(line).not.toHaveProperty('retryTier');
});

test('every line about a record names its trace, and nothing where it names none', () => {
  const { lines, clock } = captureLog('debug');
  const { trace, ...untraced } = RECORD;
  const about = (record: KafkaRecord): Fact[] => [
    { ...ATTEMPT, record },
    { ...settled({ verdict: 'dead_lettered', reason: 'undecodable', detail: 'magic' }), record },
    { ...settled({ verdict: 'parked', tier: '30s', notBefore: T0, reason: 'behind_parked_key' }, 'p'), record },
    { kind: 'superseded', record, provenance: PROVENANCE },
    { kind: 'outcome_unwritten', record, outcome: OUTCOME },
    { kind: 'undecodable', record, error: 'magic', detail: 'x' },
    { kind: 'unlisted_payment_code', record, paymentId: 'p', code: 'X' },
    { kind: 'waiting', for: 'registry', record, error: new Error('down') },
    { kind: 'hold_began', reason: 'outage', paymentId: 'p', trace: record.trace },
  ];
  const facts = about(RECORD);
  expect(lines(...facts).map(({ traceId }) => traceId)).toEqual(facts.map(() => trace.traceId));
  clock.now += 30_000;
  const lacking = lines(...about(untraced));
  expect(lacking).toHaveLength(facts.length);
  expect(lacking.filter((line) => 'traceId' in line)).toEqual([]);
});

test('normal operation says nothing else', () => {
  expect(
    captureLog().lines(
      { kind: 'consumed', tier: 'main', count: 1 },
      { kind: 'due', tier: '5s', latenessMs: 1 },
      { kind: 'committed', offsets: [] },
      { kind: 'hold_probed', reason: 'outage', ended: false, nextProbeInMs: 1 },
      { kind: 'undecodable', record: RECORD, error: 'magic', detail: 'x' },
      { kind: 'unlisted_payment_code', record: RECORD, paymentId: 'p', code: 'X' },
      { kind: 'unserved', partitions: [] },
      settled({ verdict: 'delivered' }, 'p'),
      settled({ verdict: 'parked', tier: '30s', notBefore: T0, reason: 'timeout' }, 'p'),
    ),
  ).toEqual([]);
});

test('of an id that is too long for a payment only the beginning is told', () => {
  const [line] = captureLog().lines(
    settled({ verdict: 'dead_lettered', reason: 'invalid_event', detail: 'paymentId' }, 'p'.repeat(1_000_000)),
  );
  expect(line).toMatchObject({ event: 'dead_letter', paymentId: `${'p'.repeat(64)}…` });
});

test.each<[string, Fact, Record<string, unknown>]>([
  [
    'a dead letter',
    settled({ verdict: 'dead_lettered', reason: 'rejected', detail: 'PARAM_ILLEGAL' }, 'p-1'),
    {
      level: 'warn',
      event: 'dead_letter',
      paymentId: 'p-1',
      reason: 'rejected',
      detail: 'PARAM_ILLEGAL',
      record: 'pay.retry.5s:3:7',
      origin: 'pay:3:99',
      attempts: 1,
    },
  ],
  [
    'a verdict without its outcome, in full',
    { kind: 'outcome_unwritten', record: RECORD, outcome: OUTCOME },
    { level: 'error', ...OUTCOME, origin: 'pay:3:99' },
  ],
  [
    'a hold',
    { kind: 'hold_began', reason: 'KEY_NOT_FOUND', paymentId: 'p-1' },
    {
      level: 'error',
      paymentId: 'p-1',
      remedy: 'register the active key version at the gateway, or make a registered version active',
    },
  ],
  [
    'a hold for a code moved by configuration',
    { kind: 'hold_began', reason: 'NEW_CODE', paymentId: '' },
    { level: 'error', remedy: 'ask the gateway what NEW_CODE means for this client id' },
  ],
  [
    'an open transaction',
    {
      kind: 'waiting',
      for: 'open_transaction',
      record: { topic: 'pay', partition: 1, offset: 5 },
      error: new Error('open'),
    },
    {
      level: 'warn',
      for: 'open_transaction',
      record: 'pay:1:5',
      remedy: expect.stringContaining('find-hanging') as string,
    },
  ],
  [
    'what a killed redrive left open, once it is ended',
    {
      kind: 'redrive_left_open',
      result: 'ended',
      record: { topic: 'pay.retry.5s', partition: 1, offset: 5 },
      transactionalId: 'g.redrive',
    },
    {
      level: 'warn',
      record: 'pay.retry.5s:1:5',
      transactionalId: 'g.redrive',
      remedy: expect.stringContaining('start the redrive again') as string,
    },
  ],
  [
    'what a killed redrive left open, where this user may not end it',
    {
      kind: 'redrive_left_open',
      result: 'forbidden',
      record: { topic: 'pay.retry.5s', partition: 1, offset: 5 },
      transactionalId: 'g.redrive',
      error: new Error('no'),
    },
    { level: 'warn', error: { message: 'no' }, remedy: expect.stringContaining('--transactional-id') as string },
  ],
  ['the end of a hold', { kind: 'hold_ended', reason: 'outage', heldMs: 1_500.4 }, { level: 'info', heldMs: 1_500 }],
  [
    'a deletion before reading',
    { kind: 'expired', topic: 'pay', partition: 1, committed: 5, earliest: 9 },
    { level: 'error', lost: 4 },
  ],
  [
    'joining',
    { kind: 'joined', generation: 2, partitions: { pay: [0, 1] } },
    { level: 'info', generation: 2, partitions: { pay: [0, 1] } },
  ],
  ['leaving', { kind: 'left', clean: true, drainedMs: 5 }, { level: 'info', clean: true }],
  ['leaving in a hurry', { kind: 'left', clean: false, drainedMs: 5 }, { level: 'warn', clean: false }],
  ['a failed commit', { kind: 'commit_failed', error: new Error('gone') }, { level: 'warn', leftOut: 0 }],
  ['new keys', { kind: 'key_reloaded', result: 'ok', detail: '4' }, { level: 'info', detail: '4' }],
  ['refused keys', { kind: 'key_reloaded', result: 'rejected', detail: '' }, { level: 'error' }],
  ['another key', { kind: 'key_reloaded', result: 'fallback', detail: '' }, { level: 'warn' }],
])('%s is told', (_, fact, expected) => {
  const lines = captureLog().lines(fact);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ event: fact.kind, ...expected });
});

test('an undecodable record has no paymentId to tell', () => {
  const [line] = captureLog().lines(settled({ verdict: 'dead_lettered', reason: 'undecodable', detail: 'magic' }));
  expect(line).not.toHaveProperty('paymentId');
});

test('open transactions of several partitions are each told', () => {
  const { lines } = captureLog();
  const open = (partition: number): Fact => {
    return {
      kind: 'waiting',
      for: 'open_transaction',
      record: { topic: 'pay', partition, offset: 5 },
      error: new Error('open'),
    };
  };
  expect(lines(open(1), open(2), open(1))).toMatchObject([{ record: 'pay:1:5' }, { record: 'pay:2:5' }]);
});

test('a corrupt batch is told at once, then at most every 30 s, with what to do', () => {
  const { lines, clock } = captureLog();
  const corrupt = (offset: number): Fact => {
    return { kind: 'corrupt', topic: 'pay', partition: 1, offset, detail: 'its checksum is wrong' };
  };
  expect(lines(corrupt(5), corrupt(5), corrupt(9))).toMatchObject([
    { level: 'error', event: 'corrupt', topic: 'pay', partition: 1, offset: 5, detail: 'its checksum is wrong' },
    { offset: 9, remedy: expect.stringContaining('leader') as string },
  ]);
  clock.now += 30_000;
  expect(lines(corrupt(5))).toMatchObject([{ offset: 5, leftOut: 1 }]);
});

test('waiting is told at once, then at most every 30 s per kind, with the number left out', () => {
  const { lines, clock } = captureLog();
  const waiting = (target: 'registry' | 'retry'): Fact => {
    return { kind: 'waiting', for: target, record: RECORD, error: new Error('down') };
  };
  expect(lines(waiting('registry'), waiting('registry'), waiting('retry'))).toMatchObject([
    { level: 'warn', for: 'registry', leftOut: 0, remedy: expect.stringContaining('SCHEMA_REGISTRY_URL') as string },
    { for: 'retry', leftOut: 0 },
  ]);
  clock.now += 29_999;
  expect(lines(waiting('registry'))).toEqual([]);
  clock.now += 1;
  expect(lines(waiting('registry'))).toMatchObject([{ for: 'registry', leftOut: 2 }]);
  clock.now -= 3_600_000;
  expect(lines(waiting('registry')), 'a clock set back does not silence it').toHaveLength(1);
});

test('failed commits are told at most every 30 s', () => {
  const { lines } = captureLog();
  const failed: Fact = { kind: 'commit_failed', error: new Error('x') };
  expect(lines(failed, failed, failed)).toHaveLength(1);
});

test('a topic that is gone is told by name, now and then as long as it lasts, and so is its return', () => {
  const { lines, clock } = captureLog();
  const missing = (...topics: string[]): Fact => ({
    kind: 'topics_missing',
    topics: topics.map((topic) => ({ topic, role: 'retry' })),
  });
  const told = { level: 'error', msg: 'the topic a is gone', topic: 'a' };
  expect(lines(missing(), missing('a'), missing('a'), missing('a', 'b'))).toMatchObject([told, { topic: 'b' }]);
  clock.now += 30_001;
  expect(lines(missing('a'), missing(), missing())).toMatchObject([told, { level: 'info' }]);
});

test('a group that lets nobody in is told with its remedy, once in a while', () => {
  const { lines, clock } = captureLog();
  const refused = (reason: 'taken' | 'forbidden' | 'other_source'): Fact => {
    return { kind: 'join_refused', group: 'g', reason, error: new Error('no') };
  };
  const taken = { level: 'error', msg: expect.stringContaining('the group g is used by something else') as string };
  expect(lines(refused('taken'), refused('taken'))).toMatchObject([taken]);
  clock.now += 30_001;
  expect(lines(refused('forbidden'))).toMatchObject([{ remedy: expect.stringContaining('READ on GROUP') as string }]);
  clock.now += 30_001;
  expect(lines(refused('other_source'))).toMatchObject([{ remedy: expect.stringContaining('SOURCE_TOPIC') as string }]);
});

test('unserved partitions are told when they change, and when they are healed', () => {
  const { lines } = captureLog();
  const unserved = (...partitions: number[]): Fact => ({ kind: 'unserved', partitions });
  expect(lines(unserved(4), unserved(4), unserved(4, 5), unserved(), unserved())).toMatchObject([
    { level: 'error', partitions: [4], remedy: expect.stringContaining('CREATE_TOPICS=true') as string },
    { level: 'error', partitions: [4, 5] },
    { level: 'info', partitions: [] },
  ]);
});
