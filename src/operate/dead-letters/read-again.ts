import { recordName, type KafkaRecord } from '../../core/record.ts';
import { scan } from '../../inspect/scan.ts';
import type { Reading } from '../evidence.ts';
import type { PlannedLetter } from './plan.ts';
import { placeOf } from './place-of.ts';

/** So many bytes of letters go into one transaction at most, but for one letter that is larger. */
const MOST_BYTES = 262_144;

/** A letter with its bytes. */
export interface Sendable {
  readonly planned: PlannedLetter;
  readonly record: KafkaRecord;
}

/** Reads letters with their bytes. What is not given back has expired. Throws where it cannot be read. */
export async function readAgain(
  planned: readonly PlannedLetter[],
  reading: Omit<Reading, 'progress'>,
): Promise<Sendable[]> {
  const { reader, topology, signal } = reading;
  const places = planned.map(({ record }) => placeOf(record));
  const offsets = new Set(places.map(({ offset }) => offset));
  const found = new Map<string, KafkaRecord>();
  const unread = await scan(reader, {
    topics: [...new Set(places.map(({ partition }) => partition))].map((partition) => {
      const own = places.filter((place) => place.partition === partition).map(({ offset }) => offset);
      const [from, to] = [{ offset: Math.min(...own) }, { offset: Math.max(...own) + 1 }];
      return { topic: topology.deadLetters, partitions: [partition], from, to };
    }),
    wants: ({ offset }) => offsets.has(Number(offset)),
    visit: (record) => found.set(recordName(record), record),
    signal,
  });
  const [first] = unread;
  if (first !== undefined) throw new Error(`${first.topic}:${first.partition ?? ''}: ${first.why}`);
  return planned.flatMap((letter) => {
    const record = found.get(letter.record);
    return record === undefined ? [] : [{ planned: letter, record }];
  });
}

/** Parts that go into one transaction each, in their order. */
export function inParts(letters: readonly Sendable[]): Sendable[][] {
  const parts: Sendable[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const letter of letters) {
    const own = bytesOf(letter.record);
    if (bytes + own > MOST_BYTES) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(letter);
    bytes += own;
  }
  return parts;
}

function bytesOf({ key, value, headers }: KafkaRecord): number {
  const own = (key?.length ?? 0) + (value?.length ?? 0);
  return Object.values(headers).reduce((sum, header) => sum + [header ?? ''].flat().join('').length, own);
}
