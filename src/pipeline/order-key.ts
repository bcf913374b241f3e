import { createHash } from 'node:crypto';

const LONGEST_KEPT_BYTES = 64;

/** A key's bytes as text; long ones by their SHA-256, so that keeping them takes bounded memory and keeps their order. */
export function keyText(bytes: Buffer): string {
  if (bytes.length <= LONGEST_KEPT_BYTES) return `key ${bytes.toString('latin1')}`;
  return `digest ${createHash('sha256').update(bytes).digest('base64')}`;
}

/** The name under which order is kept: the record's key, or its payment where it has none. At most 80 characters. */
export function orderKey(key: Buffer | null, paymentId: string): string {
  if (key !== null && key.length > 0) return keyText(key);
  return paymentId.length > LONGEST_KEPT_BYTES ? keyText(Buffer.from(paymentId)) : `payment ${paymentId}`;
}
