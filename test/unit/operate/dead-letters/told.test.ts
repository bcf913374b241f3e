import { describe, expect, test } from 'vitest';
import { Topology } from '../../../../src/core/topology.ts';
import { deadAgainCounter } from '../../../../src/operate/dead-letters/dead-again.ts';
import { overtaken, toldByOutcomes } from '../../../../src/operate/dead-letters/told.ts';
import type { Reading } from '../../../../src/operate/evidence.ts';
import { batchOf, type PlainRecord } from '../../../support/record-batches.ts';
import { scriptedReader, type KeptPartition } from '../../../support/scripted-reader.ts';
import { letter } from './letter.ts';

const topology = new Topology({ source: 'pf', tiers: [{ name: '5s' }], outcomes: 'told' });

async function reading(topic: string, records: readonly PlainRecord[], committed = 0): Promise<Reading> {
  const partition: KeptPartition = { bytes: await batchOf(0, records), end: records.length };
  const kept = scriptedReader({ topics: { [topic]: [partition] } });
  const reader = { ...kept, committed: () => Promise.resolve(new Map([['pf:0', committed]])) };
  return { reader, topology, groupId: 'g', signal: new AbortController().signal };
}

function outcome(paymentId: string | null, offset: number, verdict = 'delivered'): PlainRecord {
  const value = { paymentId, verdict, attempts: 1, origin: { topic: 'pf', partition: 0, offset } };
  return { value: Buffer.from(JSON.stringify(value)) };
}

describe('an outcome that says delivered', () => {
  test('speaks for the event, and for every event of its payment', async () => {
    const letters = [letter(1), letter(2), letter(3), letter(4, { paymentId: null })];
    const told = [outcome('P-1', 77), outcome(null, 2), outcome('P-3', 3, 'dead_lettered'), outcome(null, 99)];
    const isTold = await toldByOutcomes(letters, await reading('told', told));
    expect(letters.filter(isTold).map(({ origin }) => origin.offset)).toEqual([1, 2]);
  });

  test('is missed by nobody: where outcomes cannot be read, nothing is known', async () => {
    await expect(toldByOutcomes([letter(1)], await reading('elsewhere', [outcome('P-1', 1)]))).rejects.toThrow(
      /whether payments were delivered is not known: told/,
    );
  });

  test('is not asked for where no topic is configured', async () => {
    const none = {
      ...(await reading('elsewhere', [outcome('P-1', 1)])),
      topology: new Topology({ source: 'pf', tiers: [] }),
    };
    expect((await toldByOutcomes([letter(1)], none))(letter(1))).toBe(false);
  });
});

test('a letter is overtaken where a later event of its key was taken on, which is no letter itself', async () => {
  const keys = ['A', 'A', 'B', 'B', 'C', 'C'];
  const records = keys.map((key) => ({ key: Buffer.from(key) }));
  const letters = [letter(0, { key: 'A' }), letter(2, { key: 'B' }), letter(3, { key: 'B' }), letter(4, { key: 'C' })];
  const late = await overtaken(letters, await reading('pf', records, 5));
  // B's later event is a letter as well, and C's was not committed.
  expect(late.map(({ key }) => key)).toEqual(['A']);
  expect(await overtaken([letter(0, { key: null })], await reading('pf', records, 6))).toEqual([]);
});

test('letters that one redrive brought back are counted by event, each look from where the last one ended', async () => {
  const back = (offset: number, id: string): PlainRecord => {
    const fields = {
      'dead-letter-reason': 'rejected',
      'origin-topic': 'pf',
      'origin-partition': '0',
      'redrive-id': id,
    };
    const all = Object.entries({ ...fields, 'origin-offset': String(offset) });
    return { headers: Object.fromEntries(all.map(([name, text]) => [`notifier-${name}`, Buffer.from(text)])) };
  };
  const from = await reading('pf.dead-letter', [back(1, 'R'), back(1, 'R'), back(2, 'R'), back(3, 'S')]);
  const asked: number[] = [];
  const { reader } = from;
  const fetch: typeof reader.fetch = (leader, places) => {
    asked.push(...places.map(({ next }) => next));
    return reader.fetch(leader, places);
  };
  const count = deadAgainCounter('R', { ...from, reader: { ...reader, fetch } });
  expect([await count(), await count()]).toEqual([2, 2]);
  expect(asked).toEqual([0]);
});
