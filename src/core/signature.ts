/**
 * What is signed and how a signature is written in a header; the cryptography itself stands in `http/`.
 * Source: the interface's signing rules, settled by two real signatures in `test/unit/core/signature.test.ts`.
 */

/** What a signature covers, on the way out and on the way back. */
export interface SignedMessage {
  /** From the leading `/`, prefix of the gateway's URL included, host excluded. */
  readonly path: string;
  readonly clientId: string;
  /** `Request-Time` or `response-time` exactly as it stands in the header. */
  readonly time: string;
  /** The exact bytes on the wire. */
  readonly body: Buffer;
}

/** The bytes to sign: `POST <path>\n<client id>.<time>.<body>`; nothing follows the body. */
export function signedContent({ path, clientId, time, body }: SignedMessage): Buffer {
  return Buffer.concat([Buffer.from(`POST ${path}\n${clientId}.${time}.`), body]);
}

/**
 * The value of the `Signature` header: standard base64 with padding, percent-encoded, parts in the order all parsers
 * take.
 */
export function signatureHeader(keyVersion: string, signature: Buffer): string {
  return `algorithm=RSA256,keyVersion=${keyVersion},signature=${encodeURIComponent(signature.toString('base64'))}`;
}

/** A `signature` header taken apart. */
export interface ParsedSignature {
  readonly algorithm: string;
  readonly keyVersion: string | undefined;
  readonly signature: Buffer;
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * Reads a received `signature` header: parts in any order, `,` or `, ` between them, `algorithm` in any case, hex
 * digits in either case, and a raw `+` or `=` taken as itself.
 *
 * @returns `undefined` where it cannot be a signature of ours to check.
 */
export function parseSignatureHeader(header: string): ParsedSignature | undefined {
  const parts = new Map<string, string>();
  for (const part of header.split(',')) {
    const at = part.indexOf('=');
    if (at < 0) return undefined;
    parts.set(part.slice(0, at).trim(), part.slice(at + 1).trim());
  }
  const algorithm = parts.get('algorithm')?.toUpperCase();
  const base64 = percentDecoded(parts.get('signature') ?? '');
  if (algorithm !== 'RSA256' || base64 === undefined || !BASE64.test(base64)) return undefined;
  return { algorithm, keyVersion: parts.get('keyVersion'), signature: Buffer.from(base64, 'base64') };
}

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** `Request-Time`: ISO 8601, UTC, to the second. */
export function requestTime(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}
