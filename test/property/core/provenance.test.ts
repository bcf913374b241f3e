import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readProvenance, writeHeaders, type Provenance } from '../../../src/core/provenance.ts';
import type { Headers } from '../../../src/core/record.ts';
import { SOURCE, sourceRecord } from '../../support/fixtures.ts';

const bytes = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes));
const epochMs = fc.integer({ min: 0, max: 4_000_000_000_000 });
const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });

const ownName = fc.string({ maxLength: 12 }).filter((name) => !name.startsWith('notifier-') && name !== '__proto__');
const ownHeaders: fc.Arbitrary<Headers> = fc.dictionary(
  ownName,
  fc.oneof(bytes, fc.string(), fc.array(bytes, { minLength: 2, maxLength: 4 })),
  { maxKeys: 5 },
);
const ourName = fc
  .oneof(fc.constantFrom(...Object.keys(writeHeaders({}, sample()))), fc.string({ maxLength: 8 }))
  .map((name) => (name.startsWith('notifier-') ? name : `notifier-${name}`));
const ourHeaders: fc.Arbitrary<Headers> = fc.dictionary(ourName, fc.oneof(bytes, fc.string(), fc.array(bytes)));

const provenance = fc.record(
  {
    origin: fc.record({ topic: word, partition: fc.nat(), offset: fc.nat({ max: 2 ** 48 }), timestamp: epochMs }),
    attempts: fc.nat(),
    hops: fc.nat(),
    firstAttemptAt: epochMs,
    lastAttemptAt: epochMs,
    notBefore: epochMs,
    reason: word,
    body: bytes,
    redriveId: word,
    redriveCount: fc.nat(),
  },
  { requiredKeys: ['origin', 'attempts', 'hops'] },
) as fc.Arbitrary<Provenance>;

function sample(): Provenance {
  const numbers = { attempts: 1, hops: 1, firstAttemptAt: 1, lastAttemptAt: 1, notBefore: 1, redriveCount: 1 };
  const origin = { topic: SOURCE, partition: 0, offset: 0, timestamp: 0 };
  return { origin, ...numbers, reason: 'timeout', redriveId: 'r', body: Buffer.from('b') };
}

/** As a broker gives headers back: all of them bytes. */
function asRead(headers: Headers): Headers {
  const read = (value: Buffer | string): Buffer => Buffer.from(value);
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.map(read) : read(value ?? '')]),
  );
}

const own = (headers: Headers): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('notifier-')));

const parked = (headers: Headers) => sourceRecord({ topic: `${SOURCE}.retry.30s`, headers: asRead(headers) });

test('any history is read back as it was written, and the own headers stay byte for byte', () => {
  fc.assert(
    fc.property(ownHeaders, provenance, (headers, provenance) => {
      const record = parked(writeHeaders(headers, provenance));
      expect(readProvenance(record, SOURCE)).toEqual(provenance);
      expect(own(record.headers)).toEqual(asRead(headers));
    }),
  );
});

test('after any number of hops only the last history stands, once', () => {
  fc.assert(
    fc.property(ownHeaders, fc.array(provenance, { minLength: 1, maxLength: 5 }), (headers, hops) => {
      const last = hops.at(-1);
      if (last === undefined) return;
      let moved = headers;
      for (const provenance of hops) moved = asRead(writeHeaders(moved, provenance));
      expect(moved).toEqual(asRead(writeHeaders(headers, last)));
    }),
  );
});

test('nothing a source record brings makes a history', () => {
  fc.assert(
    fc.property(ownHeaders, ourHeaders, (headers, forged) => {
      const record = sourceRecord({ headers: asRead({ ...forged, ...headers }) });
      const bare = sourceRecord();
      expect(readProvenance(record, SOURCE)).toEqual(readProvenance(bare, SOURCE));
      const moved = asRead(writeHeaders(record.headers, readProvenance(record, SOURCE)));
      expect(moved).toEqual(asRead(writeHeaders(headers, readProvenance(bare, SOURCE))));
    }),
  );
});

test('whatever stands in the headers of a retry record, its numbers are numbers', () => {
  fc.assert(
    fc.property(ourHeaders, (headers) => {
      const { origin, attempts, hops, firstAttemptAt = 0, notBefore = 0 } = readProvenance(parked(headers), SOURCE);
      for (const number of [
        origin.partition,
        origin.offset,
        origin.timestamp,
        attempts,
        hops,
        firstAttemptAt,
        notBefore,
      ]) {
        expect(Number.isSafeInteger(number) && number >= 0).toBe(true);
      }
    }),
  );
});
