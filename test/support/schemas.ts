import { readFileSync } from 'node:fs';
import avro, { type Schema, type Type } from 'avsc';
import { inject } from 'vitest';
import { askRegistry } from '../../src/kafka/avro/registry.ts';

/** `schemas/payment-final.avsc`. */
export const PAYMENT_FINAL = JSON.parse(
  readFileSync(new URL('../../schemas/payment-final.avsc', import.meta.url), 'utf8'),
) as { readonly fields: readonly Readonly<Record<string, unknown>>[] };

/** Registers any schema under a subject and gives its id; a text is taken as it is. */
export async function register(
  subject: string,
  schema: unknown,
  schemaType = 'AVRO',
  url = inject('registryUrl'),
): Promise<number> {
  const answer = await askRegistry({ url }, `/subjects/${encodeURIComponent(subject)}/versions`, {
    schema: typeof schema === 'string' ? schema : JSON.stringify(schema),
    schemaType,
  });
  if (!answer.ok) throw new Error(`the registry refused the schema: ${await answer.text()}`);
  return ((await answer.json()) as { id: number }).id;
}

/** The Confluent wire format: magic byte, schema id, then these bytes. */
export function framed(id: number, bytes: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.writeInt32BE(id, 1);
  return Buffer.concat([header, bytes]);
}

const types = new Map<unknown, Type>();

/** A value in Avro, as a writer with this schema makes it. */
export function avroBytes(schema: unknown, value: unknown): Buffer {
  const type = types.get(schema) ?? avro.Type.forSchema(schema as Schema, { wrapUnions: false });
  types.set(schema, type);
  return type.toBuffer(value);
}
