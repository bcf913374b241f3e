import { groupedBy } from '../../core/grouped-by.ts';
import { recordName } from '../../core/record.ts';
import { traceOf } from '../../inspect/history.ts';
import { scan } from '../../inspect/scan.ts';
import { isCommitted } from '../../inspect/where-is.ts';
import type { Reading } from '../evidence.ts';
import type { Letter } from './letters.ts';

/**
 * Which of these letters' payments were delivered, as outcomes say, by whatever event of theirs. Throws where outcomes are
 * configured and cannot all be read: then nobody knows.
 */
export async function toldByOutcomes(
  letters: readonly Letter[],
  { reader, topology, signal }: Reading,
): Promise<(letter: Letter) => boolean> {
  const topic = topology.outcomes;
  if (topic === undefined || letters.length === 0) return () => false;
  const origins = new Set(letters.map(({ origin }) => recordName(origin)));
  const payments = new Set(letters.map(({ paymentId }) => paymentId));
  const told = new Set<string>();
  const unread = await scan(reader, {
    topics: [{ topic }],
    wants: ({ value }) => value?.includes('"delivered"') === true,
    visit: (record) => {
      const outcome = traceOf(record, topology);
      if (outcome?.kind !== 'outcome' || outcome.verdict !== 'delivered') return;
      const origin = recordName(outcome.origin);
      if (origins.has(origin)) told.add(origin);
      if (outcome.paymentId !== null && payments.has(outcome.paymentId)) told.add(`payment ${outcome.paymentId}`);
    },
    signal,
  });
  if (unread[0] !== undefined) {
    const { topic: of, partition, why } = unread[0];
    throw new Error(`whether payments were delivered is not known: ${of}:${partition ?? ''}: ${why}`);
  }
  return ({ origin, paymentId }) => told.has(recordName(origin)) || told.has(`payment ${paymentId ?? ''}`);
}

/**
 * Which of these letters have a later event of their key in the source that the service is done with: if they are sent now,
 * the older event arrives after the newer one.
 */
export async function overtaken(letters: readonly Letter[], reading: Reading): Promise<Letter[]> {
  const { reader, topology, groupId, signal } = reading;
  const own = letters.filter(({ key }) => key !== null && key !== '');
  if (own.length === 0) return [];
  const keyed = groupedBy(own, ({ origin, key }) => `${origin.partition} ${key ?? ''}`);
  const keys = new Set(own.map(({ key }) => key));
  const committed = await reader.committed(groupId, [topology.source]);
  const late = new Set<Letter>();
  const dead = new Set(letters.map(({ origin }) => recordName(origin)));
  await scan(reader, {
    topics: [...new Set(own.map(({ origin }) => origin.partition))].map((partition) => {
      const offsets = own.filter(({ origin }) => origin.partition === partition).map(({ origin }) => origin.offset);
      return { topic: topology.source, partitions: [partition], from: { offset: Math.min(...offsets) + 1 } };
    }),
    wants: ({ key }) => key !== null && keys.has(key.toString('latin1')),
    visit: (record) => {
      if (!isCommitted(record, committed) || dead.has(recordName(record))) return;
      const earlier = keyed.get(`${record.partition} ${record.key?.toString('latin1') ?? ''}`) ?? [];
      for (const letter of earlier) if (letter.origin.offset < record.offset) late.add(letter);
    },
    signal,
  });
  return letters.filter((letter) => late.has(letter));
}
