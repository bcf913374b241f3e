import { beforeAll, describe, expect, test } from 'vitest';
import { sampleEvent } from '../../src/cli/sample-events.ts';
import { command } from '../support/command.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

let world: World;

beforeAll(async () => {
  const [shared, end] = await World.shared({
    partitions: 2,
    profile: {
      rules: [
        { when: { paymentId: 'REFUSED*' }, answer: { code: 'PROCESS_FAIL' } },
        { when: { paymentId: 'SLOW*' }, answer: { code: 'UNKNOWN_EXCEPTION' } },
      ],
    },
    settings: { OUTCOMES_TOPIC: '', RETRY_DELAYS: '10m' },
  });
  world = shared;
  await world.write(0, ['GOOD', 'GOOD-2', 'SLOW']);
  const value = world.encode(sampleEvent('REFUSED', true));
  const headers = { traceparent: TRACEPARENT };
  await world.writeRaw(1, [{ paymentId: 'REFUSED', key: 'of another name', value, headers }]);
  await world.writeRaw(1, [{ key: 'BAD', value: Buffer.from('no Avro') }]);
  const service = await world.start();
  await until('everything to be settled', async () => {
    const committed = await world.committed();
    return committed.get(0) === 3 && committed.get(1) === 2;
  });
  await service.end('SIGTERM');
  // Written while nobody reads.
  await world.write(0, ['LATE', 'GOOD']);
  return end;
});

describe('trace says of a payment that it is', () => {
  test.each([
    ['delivered', 'GOOD-2', [['source', `0:1`]]],
    [
      'waiting',
      'SLOW',
      [
        ['source', '0:2'],
        ['copy', '0:0'],
      ],
    ],
    [
      'dead_lettered',
      'REFUSED',
      [
        ['source', '1:0'],
        ['letter', '1:0'],
      ],
    ],
    [
      'dead_lettered',
      'BAD',
      [
        ['source', '1:1'],
        ['letter', '1:1'],
      ],
    ],
    ['not_settled', 'LATE', [['source', '0:3']]],
    [
      'not_settled',
      'GOOD',
      [
        ['source', '0:0'],
        ['source', '0:4'],
      ],
    ],
    ['unknown', 'NOBODY', []],
  ])('%s: %s', async (verdict, paymentId, places) => {
    const { code, json, errors } = await command(world.settings, 'trace', paymentId, '--json');
    expect([code, errors]).toEqual([0, '']);
    expect(json).toMatchObject({ paymentId, verdict, complete: true, unread: [] });
    const { history } = json as { history: { kind: string; record: string }[] };
    expect(history.map(({ kind, record }) => [kind, record.split(':').slice(1).join(':')])).toEqual(places);
  });

  test('all of it in words, too', async () => {
    const { output } = await command(world.settings, 'trace', 'SLOW');
    expect(output).toMatch(/payment SLOW: waiting\n.*:0:2: waits in retry tier 10m until 20.*UNKNOWN_EXCEPTION/);
    expect(output).toMatch(/copy +pf-\w+\.retry\.10m:0:0 +1 +UNKNOWN_EXCEPTION/);
  });
});

test('trace says what it could not read, is not certain of a delivery then, and ends with 3', async () => {
  const settings = { ...world.settings, OUTCOMES_TOPIC: 'no-such-topic' };
  const { code, json } = await command(settings, 'trace', 'GOOD-2', '--json');
  expect(code).toBe(3);
  const unread = [{ topic: 'no-such-topic', partition: null, why: 'it does not exist' }];
  expect(json).toMatchObject({ verdict: 'unknown', complete: false, unread });
  const { output } = await command(settings, 'trace', 'GOOD-2');
  expect(output).toContain(
    'Not everything could be read; what stands there is not known:\n  no-such-topic: it does not exist',
  );
});

test('trace goes by keys where the registry does not answer, and says so', async () => {
  const settings = { ...world.settings, SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1' };
  const { code, json } = await command(settings, 'trace', 'REFUSED', '--json');
  expect(code).toBe(3);
  expect(json).toMatchObject({ verdict: 'unknown', complete: false });
  expect((json as { unread: { why: string }[] }).unread.map(({ why }) => why)).toEqual([
    expect.stringMatching(/:1:0: .* cannot be read: the schema registry does not answer/) as string,
    expect.stringMatching(/:1:0: .* cannot be read: the schema registry does not answer/) as string,
  ]);
});

describe('inspect shows', () => {
  test('a dead letter with its event, its provenance and its history', async () => {
    const record = `${world.topic('dead-letter')}:1:0`;
    const { code, json } = await command(world.settings, 'inspect', record, '--json');
    expect(code).toBe(0);
    expect(json).toMatchObject({
      ...{ record, key: 'of another name', undecodable: null, verdict: 'dead_lettered' },
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      event: { paymentId: 'REFUSED', paymentTime: expect.stringMatching(/^20.*Z$/) as string },
      provenance: {
        'notifier-origin-offset': '0',
        'notifier-attempts': '1',
        'notifier-dead-letter-reason': 'rejected',
      },
    });
    const { history } = json as { history: { kind: string; resultCode: string | null; reason: string | null }[] };
    expect(history).toMatchObject([
      { kind: 'source', resultCode: null, reason: null },
      { kind: 'letter', attempts: 1, resultCode: 'PROCESS_FAIL', reason: 'rejected' },
    ]);
  });

  test('a source record, and why one carries no event', async () => {
    const good = await command(world.settings, 'inspect', `${world.source}:0:0`, '--json');
    expect(good.json).toMatchObject({
      event: { paymentId: 'GOOD' },
      provenance: {},
      traceId: null,
      verdict: 'delivered',
    });
    const bad = await command(world.settings, 'inspect', `${world.source}:1:1`, '--json');
    expect(bad).toMatchObject({
      code: 0,
      json: { event: null, undecodable: expect.stringContaining('Confluent') as string },
    });
    const text = await command(world.settings, 'inspect', `${world.source}:1:1`);
    expect(text.output).toContain('dead-lettered (undecodable, magic)');
  });

  test('that there is nothing', async () => {
    const none = await command(world.settings, 'inspect', `${world.source}:0:99`);
    expect(none).toMatchObject({ code: 1, errors: expect.stringContaining('no record stands there') as string });
    const foreign = await command(world.settings, 'inspect', 'elsewhere:0:0');
    expect(foreign).toMatchObject({ code: 2, errors: expect.stringContaining('set SOURCE_TOPIC') as string });
    const unreadable = await command(world.settings, 'inspect', `${world.source}:7:0`, '--json');
    expect(unreadable).toMatchObject({ code: 3, json: { event: null, complete: false } });
  });
});
