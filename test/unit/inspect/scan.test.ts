import { describe, expect, test } from 'vitest';
import { mayConcern } from '../../../src/inspect/mentions.ts';
import { scan, type Progress, type Scan } from '../../../src/inspect/scan.ts';
import type { Unread } from '../../../src/inspect/unread.ts';
import { useVirtualTime, pass } from '../../support/fixtures.ts';
import { batchOf, markerOf, withBody } from '../../support/record-batches.ts';
import { scriptedReader, type Kept, type KeptPartition } from '../../support/scripted-reader.ts';

useVirtualTime();

async function partition(...batches: readonly Promise<Buffer>[]): Promise<KeptPartition> {
  const bytes = Buffer.concat(await Promise.all(batches));
  return { bytes, end: 100 };
}

/** Reads all that is kept; `keys` names what was visited as `<topic>:<partition>:<key>`. */
async function read(
  kept: Kept,
  more: Partial<Scan> = {},
): Promise<{ keys: string[]; unread: Unread[]; last?: Progress }> {
  const keys: string[] = [];
  let last: Progress | undefined;
  const scanned = scan(scriptedReader(kept), {
    topics: Object.keys(kept.topics).map((topic) => ({ topic })),
    wants: () => true,
    visit: ({ topic, partition, key }) => keys.push(`${topic}:${String(partition)}:${key?.toString() ?? ''}`),
    progress: (progress) => (last = progress),
    signal: new AbortController().signal,
    ...more,
  });
  await pass(60_000);
  const unread = await scanned;
  return { keys, unread, ...(last && { last }) };
}

describe('a scan reads', () => {
  test('every partition to its end, in its order', async () => {
    const [one, two] = [await partition(batchOf(0, ['a', 'b']), batchOf(2, ['c'])), await partition(batchOf(0, ['d']))];
    const { keys, unread, last } = await read({
      topics: {
        t: [
          { ...one, end: 3 },
          { ...two, end: 1 },
        ],
      },
    });
    expect(keys.toSorted()).toEqual(['t:0:a', 't:0:b', 't:0:c', 't:1:d']);
    expect(keys.filter((key) => key.startsWith('t:0'))).toEqual(['t:0:a', 't:0:b', 't:0:c']);
    expect({ unread, last }).toEqual({ unread: [], last: { records: 4, offsets: 4, of: 4 } });
  });

  test('not what is written after it began', async () => {
    const kept = { ...(await partition(batchOf(0, ['a', 'b', 'c', 'd']))), end: 2 };
    expect(await read({ topics: { t: [kept] } })).toMatchObject({ keys: ['t:0:a', 't:0:b'], unread: [] });
  });

  test('while others write: what comes between two answers of a broker waits for no transaction', async () => {
    let writing = 1;
    const records = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const kept = {
      ...(await partition(batchOf(0, records))),
      get end() {
        return (writing += 1);
      },
    };
    const { keys, unread } = await read({ topics: { t: [kept] } });
    expect(unread).toEqual([]);
    expect(keys.length).toBeGreaterThan(1);
  });

  test('past markers and aborted transactions, to an end that no record has', async () => {
    const batches = [
      batchOf(0, ['no'], { producer: 5 }),
      markerOf(1, 5, 'abort'),
      batchOf(2, ['yes'], { producer: 5 }),
    ];
    const kept = await partition(...batches, markerOf(3, 5, 'commit'));
    const aborted = [{ producerId: '5', firstOffset: '0' }];
    const { keys, unread, last } = await read({ topics: { t: [{ ...kept, end: 4, aborted }] } });
    expect({ keys, unread }).toEqual({ keys: ['t:0:yes'], unread: [] });
    expect(last).toEqual({ records: 1, offsets: 4, of: 4 });
  });

  test('only between the bounds, the first included and the last not', async () => {
    const kept = { ...(await partition(batchOf(0, ['a', 'b', 'c', 'd']))), end: 4 };
    const topics = [{ topic: 't', from: { offset: 1 }, to: { offset: 3 } }];
    expect(await read({ topics: { t: [kept] } }, { topics })).toMatchObject({ keys: ['t:0:b', 't:0:c'], unread: [] });
  });

  test('only what is wanted', async () => {
    const records = ['PAY-1', 'PAY-2', 'PAY-1'];
    const kept = { ...(await partition(batchOf(0, records))), end: 3 };
    const { keys, last } = await read({ topics: { t: [kept] } }, { wants: mayConcern('PAY-1') });
    expect(keys).toEqual(['t:0:PAY-1', 't:0:PAY-1']);
    expect(last).toMatchObject({ records: 3 });
  });

  test('on where a broker stumbled', async () => {
    const kept = { ...(await partition(batchOf(0, ['a']))), end: 1, failures: 2 };
    expect(await read({ topics: { t: [kept] } })).toMatchObject({ keys: ['t:0:a'], unread: [] });
  });
});

describe('a scan says that it has not read', () => {
  const good = async () => ({ ...(await partition(batchOf(0, ['good']))), end: 1 });

  test.each([
    ['a topic that does not exist', 'UNKNOWN_TOPIC_OR_PARTITION', 'it does not exist'],
    [
      'a topic it may not read',
      'TOPIC_AUTHORIZATION_FAILED',
      'this user may not read it: allow DESCRIBE and READ on TOPIC',
    ],
  ])('%s', async (_, error, why) => {
    const { keys, unread } = await read({ topics: { bad: error, good: [await good()] } });
    expect({ keys, unread }).toEqual({ keys: ['good:0:good'], unread: [{ topic: 'bad', partition: null, why }] });
  });

  test.each([
    ['it may not read', 'TOPIC_AUTHORIZATION_FAILED', 'this user may not read it: allow DESCRIBE and READ on TOPIC'],
    ['deleted meanwhile', 'OFFSET_OUT_OF_RANGE', 'records were deleted while they were to be read; ask again'],
    ['of which its broker knows no more', 'KAFKA_STORAGE_ERROR', 'KAFKA_STORAGE_ERROR'],
  ])('a partition %s', async (_, error, why) => {
    const { keys, unread } = await read({ topics: { t: [await good(), { ...(await good()), error }] } });
    expect({ keys, unread }).toEqual({ keys: ['t:0:good'], unread: [{ topic: 't', partition: 1, why }] });
  });

  test('a partition without a leader', async () => {
    const { keys, unread } = await read({ topics: { t: [await good(), await good()] }, leaders: { 't:0': -1 } });
    const why = 'it has no leader: no broker that is up holds it in sync';
    expect({ keys, unread }).toEqual({ keys: ['t:1:good'], unread: [{ topic: 't', partition: 0, why }] });
  });

  test('a partition that the topic lacks', async () => {
    const topics = [{ topic: 't', partitions: [0, 4] }];
    const { keys, unread } = await read({ topics: { t: [await good()] } }, { topics });
    const why = 'the topic has no such partition';
    expect({ keys, unread }).toEqual({ keys: ['t:0:good'], unread: [{ topic: 't', partition: 4, why }] });
  });

  test('what stands behind a batch with a wrong checksum', async () => {
    const bad = await batchOf(1, ['bad']);
    bad.writeUInt8(bad.readUInt8(bad.length - 1) ^ 1, bad.length - 1);
    const kept = { ...(await partition(batchOf(0, ['a']), Promise.resolve(bad), batchOf(2, ['c']))), end: 3 };
    const { keys, unread } = await read({ topics: { t: [kept] } });
    const why = 'offset 1: its checksum is wrong';
    expect({ keys, unread }).toEqual({ keys: ['t:0:a'], unread: [{ topic: 't', partition: 0, why }] });
  });

  test('records of a batch that was written as it is and yet cannot be read, and goes on behind it', async () => {
    const odd = batchOf(1, ['x', 'y']).then((batch) => withBody(batch, Buffer.from('no records')));
    const kept = { ...(await partition(batchOf(0, ['a']), odd, batchOf(3, ['d']))), end: 4 };
    const { keys, unread } = await read({ topics: { t: [kept] } });
    expect(keys).toEqual(['t:0:a', 't:0:d']);
    expect(unread).toMatchObject([{ topic: 't', partition: 0 }]);
    expect(unread[0]?.why).toMatch(/^offsets 1 to 2 cannot be read: /);
  });

  test('what waits for the end of a transaction', async () => {
    const kept = { ...(await partition(batchOf(0, ['a', 'b', 'c']))), end: 3, lastStable: 1 };
    const { keys, unread } = await read({ topics: { t: [kept] } });
    const why = 'offsets 1 to 2 wait for the end of a transaction; ask again in a few seconds';
    expect({ keys, unread }).toEqual({ keys: ['t:0:a'], unread: [{ topic: 't', partition: 0, why }] });
  });

  test('what its leader says is there and does not give', async () => {
    const { unread } = await read({ topics: { t: [await partition()] } });
    const why = 'its leader gives nothing of what is said to be there';
    expect(unread).toEqual([{ topic: 't', partition: 0, why }]);
  });

  test('what a broker leads that does not answer in 10 s', async () => {
    const never = (): Promise<void> => new Promise(() => undefined);
    const { unread } = await read({ topics: { t: [await good()] }, beforeFetch: never });
    expect(unread).toEqual([{ topic: 't', partition: 0, why: 'its leader, broker 1, gave no answer in 10 s' }]);
  });
});

test('a scan that is told to end throws what it was told, though a broker does not answer', async () => {
  const stop = new AbortController();
  const never = (): Promise<void> => new Promise(() => undefined);
  const reader = scriptedReader({ topics: { t: [await partition(batchOf(0, ['a']))] }, beforeFetch: never });
  const scanned = scan(reader, {
    topics: [{ topic: 't' }],
    wants: () => true,
    visit: () => undefined,
    signal: stop.signal,
  });
  const ended = expect(scanned).rejects.toThrow('enough');
  await pass(100);
  stop.abort(new Error('enough'));
  await ended;
});

test('what whoever is told of a record throws ends the scan, and is no fault of a broker', async () => {
  const kept = { ...(await partition(batchOf(0, ['a']))), end: 1 };
  const visit = (): void => {
    throw new TypeError('a bug');
  };
  const signal = new AbortController().signal;
  const scanned = scan(scriptedReader({ topics: { t: [kept] } }), {
    topics: [{ topic: 't' }],
    wants: () => true,
    visit,
    signal,
  });
  await expect(scanned).rejects.toThrow('a bug');
});
