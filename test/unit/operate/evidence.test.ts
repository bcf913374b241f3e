import { expect, test } from 'vitest';
import { Topology } from '../../../src/core/topology.ts';
import { gather, topicsWithTraces } from '../../../src/operate/evidence.ts';
import { scriptedReader, type KeptPartition } from '../../support/scripted-reader.ts';
import { batchOf, type PlainRecord } from '../../support/record-batches.ts';

const topology = new Topology({ source: 'pf', tiers: [{ name: '5s' }], outcomes: 'told' });
const signal = new AbortController().signal;

async function partition(...records: readonly PlainRecord[]): Promise<KeptPartition> {
  return { bytes: records.length === 0 ? Buffer.alloc(0) : await batchOf(0, records), end: records.length };
}

function headers(fields: Readonly<Record<string, string>>): PlainRecord {
  return {
    headers: Object.fromEntries(Object.entries(fields).map(([name, text]) => [`notifier-${name}`, Buffer.from(text)])),
  };
}

test('every topic of the service is looked at, also a retry topic that is no longer configured', async () => {
  const topics = { pf: [], 'pf.retry.1h': [], 'pf.retry.5s': [], 'pf.dead-letter': [], told: [], other: [] };
  const found = await topicsWithTraces({ reader: scriptedReader({ topics }), topology, groupId: 'g', signal });
  expect(found).toEqual(['pf', 'pf.retry.5s', 'pf.retry.1h', 'pf.dead-letter', 'told']);
});

test('what was committed counts as it stood before anything was read, and what is closed as well', async () => {
  const letter = headers({
    'dead-letter-reason': 'rejected',
    'origin-offset': '0',
    'origin-topic': 'pf',
    'origin-partition': '0',
  });
  const closing = headers({ closes: '0:0', 'closed-as': 'redriven' });
  const dead = await partition(letter, closing);
  const steps: string[] = [];
  let closed = false;
  const kept = scriptedReader({
    topics: { pf: [await partition({})], 'pf.retry.5s': [await partition()], 'pf.dead-letter': [dead] },
  });
  const reader: typeof kept = {
    ...kept,
    // The letter is closed after the first look at the dead letters.
    offsets: async (...asked) => {
      const answers = await kept.offsets(...asked);
      return answers.map((answer) =>
        answer.topic === 'pf.dead-letter' && !closed ? { ...answer, offset: Math.min(1, answer.offset ?? 0) } : answer,
      );
    },
    committed: (_, topics) => {
      steps.push(`committed of ${topics.join()}`);
      closed = true;
      return Promise.resolve(new Map([['pf:0', 1]]));
    },
  };
  const topics = ['pf', 'pf.retry.5s', 'pf.dead-letter'].map((topic) => ({ topic }));
  const { committed, unread } = await gather(
    { reader, topology, groupId: 'g', signal },
    { topics, wants: () => true, visit: ({ kind }) => steps.push(kind) },
  );
  expect(steps).toEqual(['committed of pf,pf.retry.5s', 'source', 'letter']);
  expect([committed.get('pf:0'), unread]).toEqual([1, []]);
});
