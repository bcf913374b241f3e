import { describe, expect, test } from 'vitest';
import { readClosing, readProvenance } from '../../../../src/core/provenance.ts';
import { traceOf } from '../../../../src/inspect/history.ts';
import { closingRecord, redrivenCopy, runRecord } from '../../../../src/operate/dead-letters/outgoing.ts';
import { SOURCE, sourceRecord, TOPOLOGY } from '../../../support/fixtures.ts';

const DEAD = TOPOLOGY.deadLetters;
const TIER = TOPOLOGY.retryTopic('5s');
const dead = sourceRecord({
  topic: DEAD,
  offset: 40,
  headers: {
    own: ['one', 'two'],
    'notifier-origin-topic': SOURCE,
    'notifier-origin-partition': '3',
    'notifier-origin-offset': '7',
    'notifier-origin-timestamp': '1000',
    'notifier-attempts': '9',
    'notifier-hops': '8',
    'notifier-waits': '2',
    'notifier-first-attempt-at': '2000',
    'notifier-last-attempt-at': '3000',
    'notifier-reason': 'timeout',
    'notifier-body': Buffer.from('the body'),
    'notifier-dead-letter-reason': 'retries_exhausted',
  },
});
const how = { id: 'R-1', topic: TIER, by: 'me@here', at: 5_000, rebuildBody: false };

describe('a redriven copy', () => {
  const copy = redrivenCopy(dead, how, TOPOLOGY);

  test('is the event as it stood in its source, in the same partition of the tier', () => {
    expect(copy).toMatchObject({
      topic: TIER,
      partition: 3,
      key: dead.key,
      value: dead.value,
      headers: { own: ['one', 'two'] },
    });
  });

  test('begins anew, due at once, with the same body, and counts', () => {
    expect(readProvenance({ ...dead, ...copy, topic: TIER }, SOURCE)).toEqual({
      origin: { topic: SOURCE, partition: 3, offset: 7, timestamp: 1_000 },
      ...{ attempts: 0, hops: 0, notBefore: 5_000, reason: 'timeout', body: Buffer.from('the body') },
      ...{ redriveId: 'R-1', redriveCount: 1 },
    });
    expect(copy.headers).not.toHaveProperty('notifier-dead-letter-reason');
    const again = redrivenCopy({ ...dead, headers: { ...dead.headers, 'notifier-redrive-count': '1' } }, how, TOPOLOGY);
    expect(again.headers).toMatchObject({ 'notifier-redrive-count': '2' });
  });

  test('makes its body anew where that is wanted', () => {
    expect(redrivenCopy(dead, { ...how, rebuildBody: true }, TOPOLOGY).headers).not.toHaveProperty('notifier-body');
  });
});

describe('a closing record', () => {
  test('stands beside its letter, under its key, and says who closed it, when and why', () => {
    const closing = closingRecord(dead, 'redriven', { by: 'me@here', at: 5_000, why: 'mended' }, SOURCE, 'R-1');
    expect(closing).toMatchObject({ topic: DEAD, partition: 3, key: dead.key, value: null });
    const origin = { topic: SOURCE, partition: 3, offset: 7 };
    expect(readClosing({ headers: closing.headers })).toEqual({
      ...{
        partition: 3,
        offset: 40,
        as: 'redriven',
        by: 'me@here',
        why: 'mended',
        closedAt: 5_000,
        redriveId: 'R-1',
        origin,
      },
    });
  });

  test('needs neither a reason nor a run', () => {
    const { headers } = closingRecord(dead, 'discarded', { by: 'me@here', at: 5_000 }, SOURCE);
    expect(headers).not.toHaveProperty('notifier-closed-why');
    expect(headers).not.toHaveProperty('notifier-redrive-id');
  });
});

test('the account of a run is taken for neither a letter nor its end', () => {
  const account = { id: 'R-1', kind: 'redrive', by: 'me', at: '2026', filter: {}, planned: 1, skipped: 0 } as const;
  const record = runRecord(account, DEAD);
  expect(traceOf({ ...dead, ...record, partition: 0 }, TOPOLOGY)).toBeUndefined();
  expect(JSON.parse(record.value?.toString() ?? '')).toEqual(account);
});
