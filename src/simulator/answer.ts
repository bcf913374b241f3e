import { constants, type KeyObject, sign } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { requestTime, signatureHeader, signedContent } from '../core/signature.ts';
import type { ResultAnswer } from './faults.ts';
import type { Result } from './result-page.ts';

/** What every answer of this gateway is signed with. */
export interface Signer {
  /** The path requests are signed over, and so their answers. */
  readonly path: string;
  readonly clientId: string;
  readonly gatewayKey: KeyObject;
  readonly wrongKey: KeyObject;
}

/** How an answer is signed; all but `good` must not be believed by the service. */
export type Signing = NonNullable<ResultAnswer['sign']>;

/** An answer in the bytes and headers that go out. */
export interface SignedAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const GATEWAY_KEY_VERSION = '1';
const signInThreadPool = promisify(sign);

/** The interface's response body: `{"result":{…}}`. */
export function resultBody({ resultStatus, resultCode, resultMessage }: Result): Buffer {
  return Buffer.from(JSON.stringify({ result: { resultStatus, resultCode, resultMessage } }));
}

/** Puts the gateway's headers on a response body, the signature made off the main thread. */
export async function signAnswer(signer: Signer, body: Buffer, signing: Signing = 'good'): Promise<SignedAnswer> {
  const clientId = signing === 'wrong_client' ? `${signer.clientId}_OTHER` : signer.clientId;
  const time = requestTime(Date.now());
  const headers = {
    'content-type': 'application/json; charset=UTF-8',
    'client-id': clientId,
    'response-time': time,
  };
  if (signing === 'none') return { headers, body };
  const signed = signing === 'wrong_body' ? Buffer.concat([body, Buffer.from(' ')]) : body;
  const signature = await signInThreadPool(
    'sha256',
    signedContent({ path: signer.path, clientId, time, body: signed }),
    { key: signing === 'wrong_key' ? signer.wrongKey : signer.gatewayKey, padding: constants.RSA_PKCS1_PADDING },
  );
  return { headers: { ...headers, signature: signatureHeader(GATEWAY_KEY_VERSION, signature) }, body };
}

/** Sends an answer whole. */
export function send(response: ServerResponse, status: number, { headers, body }: SignedAnswer): void {
  response.writeHead(status, { ...headers, 'content-length': body.length }).end(body);
}
