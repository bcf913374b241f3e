import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Cursor, MalformedBytes } from '../../../../src/kafka/avro/cursor.ts';
import { createEventReader } from '../../../../src/kafka/avro/projection.ts';
import { Skipping } from '../../../../src/kafka/avro/skipping.ts';
import { parseWriterSchema, SchemaMismatch, type WriterType } from '../../../../src/kafka/avro/writer-schema.ts';
import { avroLong } from '../../../support/avro-bytes.ts';
import { anyShape, evolved, schemaOf } from '../../../support/avro-writers.ts';

/** Counts whatever is asked of it. */
class CountingCursor extends Cursor {
  steps = 0;
  override long(divisor?: number): number {
    this.steps += 1;
    return super.long(divisor);
  }
  override index(count: number): number {
    this.steps += 1;
    return super.index(count);
  }
  override skip(bytes: number): void {
    this.steps += 1;
    super.skip(bytes);
  }
  override skipNumber(): void {
    this.steps += 1;
    super.skipNumber();
  }
  override skipSized(): void {
    this.steps += 1;
    super.skipSized();
  }
  override enter(): void {
    this.steps += 1;
    super.enter();
  }
}

/** Bytes that look like what an adversary would write: counts and lengths of every size, and anything else. */
const hostile = fc
  .array(
    fc.oneof(
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => [...avroLong(value)]),
      fc.constantFrom(-1n, 0n, 1n, 2n, 1_000_000n, 2n ** 31n, -(2n ** 31n), 2n ** 53n, -(2n ** 53n)).map((value) => {
        return [...avroLong(value)];
      }),
      fc.array(fc.nat({ max: 255 }), { maxLength: 5 }),
      fc.tuple(fc.constantFrom(0, 1, 2, 0x80, 0xff), fc.nat({ max: 300 })).map(([byte, times]) => {
        return Array<number>(times).fill(byte);
      }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.from(parts.flat()));

/** How many types a schema is made of; the keys of maps count as one. */
function sizeOf(type: WriterType): number {
  const parts =
    'fields' in type
      ? type.fields.map((field) => field.type)
      : 'branches' in type
        ? type.branches
        : 'items' in type
          ? [type.items]
          : [];
  return parts.reduce((sum, part) => sum + sizeOf(part), type.kind === 'map' ? 2 : 1);
}

test('bytes of any kind are passed over in steps that grow with their number alone', () => {
  fc.assert(
    fc.property(anyShape, hostile, (shape, bytes) => {
      const writer = parseWriterSchema(JSON.stringify(schemaOf(shape)));
      const cursor = new CountingCursor(bytes);
      try {
        new Skipping().over(writer)?.(cursor);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedBytes);
      }
      expect(cursor.steps).toBeLessThanOrEqual(2 * sizeOf(writer) * (bytes.length + 1));
      expect(cursor.left).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 2_000 },
  );
});

test('what a writer wrote is passed over to its last byte', () => {
  const written = anyShape.chain((shape) => fc.tuple(fc.constant(schemaOf(shape)), shape.bytes));
  fc.assert(
    fc.property(written, fc.uint8Array({ maxLength: 3 }), ([schema, bytes], behind) => {
      const cursor = new Cursor(Buffer.concat([bytes, behind]));
      new Skipping().over(parseWriterSchema(JSON.stringify(schema)))?.(cursor);
      expect(cursor.left).toBe(behind.length);
    }),
    { numRuns: 1_000 },
  );
});

test('bytes of any kind are an event no larger than they are, or none', () => {
  const changed = evolved.chain(({ schema, bytes }) => {
    const broken = fc.tuple(fc.nat({ max: bytes.length }), hostile).map(([at, more]) => {
      return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
    });
    return fc.tuple(fc.constant(schema), fc.oneof(hostile, broken, fc.constant(bytes)));
  });
  fc.assert(
    fc.property(changed, ([schema, bytes]) => {
      try {
        const { paymentId, paymentRequestId, paymentResult } = createEventReader(
          parseWriterSchema(JSON.stringify(schema)),
        )(bytes);
        const texts = [paymentId, paymentRequestId, paymentResult.resultCode, paymentResult.resultMessage];
        expect(Buffer.byteLength(texts.join(''))).toBeLessThanOrEqual(bytes.length);
      } catch (error) {
        if (!(error instanceof MalformedBytes)) expect(error).toBeInstanceOf(SchemaMismatch);
      }
    }),
    { numRuns: 2_000 },
  );
});
