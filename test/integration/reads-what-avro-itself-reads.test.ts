import { readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { spawnJava } from '../../deploy/local/java.ts';
import { REGISTRY } from '../../deploy/local/layout.ts';
import { createEventReader } from '../../src/kafka/avro/projection.ts';
import { parseWriterSchema } from '../../src/kafka/avro/writer-schema.ts';
import { evolved, type Written } from '../support/avro-writers.ts';

const OURS = readFileSync(new URL('../../schemas/payment-final.avsc', import.meta.url), 'utf8');
const WRITERS = 3_000;

/** What Avro's library for Java reads with our schema, `error` where it reads nothing. */
async function readByJava(writers: readonly Written[]): Promise<unknown[]> {
  const source = fileURLToPath(new URL('../support/AvroResolution.java', import.meta.url));
  const java = await spawnJava(['-cp', `${REGISTRY.folder}/lib/*`, source, OURS], 'pipe');
  const lines = writers.map(({ schema, bytes }) => `${JSON.stringify(schema)}\t${bytes.toString('hex')}\n`);
  (java.stdin as Writable).end(lines.join(''));
  const [answers, errors] = await Promise.all([text(java.stdout as Readable), text(java.stderr as Readable)]);
  const read = answers.trimEnd().split('\n');
  expect(read.length, errors).toBe(writers.length);
  return read.map((answer): unknown => (answer === 'error' ? answer : JSON.parse(answer)));
}

function readByUs({ schema, bytes }: Written): unknown {
  try {
    return createEventReader(parseWriterSchema(JSON.stringify(schema)))(bytes);
  } catch {
    return 'error';
  }
}

test("what a writer whose schema has evolved wrote is read as Avro's own library reads it, or not at all", async () => {
  const seed = Date.now();
  const writers = fc.sample(evolved, { numRuns: WRITERS, seed });
  const byJava = await readByJava(writers);
  for (const [at, writer] of writers.entries()) {
    expect({ seed, writer, read: readByUs(writer) }).toEqual({ seed, writer, read: byJava[at] });
  }
  const errors = byJava.filter((read) => read === 'error').length;
  expect(Math.min(errors, WRITERS - errors)).toBeGreaterThan(WRITERS / 4);
});
