import { sign as cryptoSign, verify as cryptoVerify, type KeyObject } from 'node:crypto';

import type { Exchange } from '../core/outcome.ts';
import { parseSignatureHeader, signedContent, type SignedMessage } from '../core/signature.ts';
import type { GatewayKey } from './key-set.ts';

/**
 * Signs a message with RSASSA-PKCS1-v1_5 and SHA-256, which is what a bare key of type `rsa` does; with the padding said
 * beside the key, Node 24 throws and catches two errors a call. It runs in the thread pool: 0.2 ms of CPU that would
 * otherwise stop every lane.
 */
export function sign(message: SignedMessage, key: KeyObject): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    cryptoSign('sha256', signedContent(message), key, (error, signature) => {
      if (error === null) resolve(signature);
      else reject(new Error('the request could not be signed'));
    });
  });
}

/** An answer as it came: each header with all its values (`headersDistinct`), and the raw bytes. */
export interface Answer {
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  readonly body: Buffer;
}

/**
 * Says whether the gateway has signed this answer to a request of ours.
 *
 * `verified` by any of the keys; `missing` without a signature header; `invalid` for everything else: the answer names
 * another client id or none, has no time, repeats a header, or no key agrees. The time's age is not judged.
 *
 * The check is synchronous: at 20 µs it costs less than handing it to the thread pool and back.
 */
export function verifyAnswer(
  answer: Answer,
  request: Pick<SignedMessage, 'path' | 'clientId'>,
  keys: readonly GatewayKey[],
): Extract<Exchange, { kind: 'response' }>['verification'] {
  if (answer.headers['signature'] === undefined) return 'missing';
  const header = only(answer.headers['signature']);
  const clientId = only(answer.headers['client-id']);
  const time = only(answer.headers['response-time']);
  if (header === undefined || clientId !== request.clientId || time === undefined) return 'invalid';
  const parsed = parseSignatureHeader(header);
  if (parsed === undefined) return 'invalid';
  const content = signedContent({ path: request.path, clientId, time, body: answer.body });
  const verified = keys.some(({ key }) => cryptoVerify('sha256', content, key, parsed.signature));
  return verified ? 'verified' : 'invalid';
}

/** The value of a header that stands exactly once and is not empty. */
function only(values: readonly string[] | undefined): string | undefined {
  const [value, ...others] = values ?? [];
  return value === '' || others.length > 0 ? undefined : value;
}
