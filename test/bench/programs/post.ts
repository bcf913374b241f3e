import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import got from 'got';

/** A payment as `payment-final` has it. */
export interface Payment {
  readonly paymentId: string;
  readonly paymentRequestId: string | null;
  readonly paymentTime: number | null;
  readonly paymentResult: {
    readonly resultStatus: string;
    readonly resultCode: string;
    readonly resultMessage: string | null;
  };
}

const signAsync = promisify(sign);
const setting = (name: string): string => process.env[name] ?? '';
const url = new URL(`${setting('GATEWAY_URL')}/aps/api/v1/payments/notifyPushPayment`);
const clientId = setting('GATEWAY_CLIENT_ID');
const key = createPrivateKey(readFileSync(join(setting('SIGNING_KEYS_DIR'), '1.pem')));
const publicKeys = setting('GATEWAY_PUBLIC_KEYS_DIR');
const gatewayKey = createPublicKey(readFileSync(join(publicKeys, readdirSync(publicKeys)[0] ?? '')));
const client = got.extend({
  method: 'POST',
  agent: { https: new Agent({ keepAlive: true, ca: readFileSync(setting('GATEWAY_CA_FILE')) }) },
  retry: { limit: 0 },
  followRedirect: false,
  throwHttpErrors: false,
  decompress: false,
  timeout: { request: 5_000 },
});

/** What nobody can do without: sign a body, post it, verify the answer. Throws where the answer is not a signed `S`. */
export async function post({ paymentId, paymentRequestId, paymentTime, paymentResult }: Payment): Promise<void> {
  const time = `${new Date().toISOString().slice(0, 19)}Z`;
  const at = `${new Date(paymentTime ?? 0).toISOString().slice(0, 19)}+00:00`;
  const body = Buffer.from(JSON.stringify({ paymentResult, paymentRequestId, paymentId, paymentTime: at }));
  const signature = await signAsync('sha256', signed(time, body), key);
  const answer = await client(url, {
    body,
    headers: {
      'Content-Type': 'application/json; charset=UTF-8',
      'Client-Id': clientId,
      'Request-Time': time,
      Signature: `algorithm=RSA256,keyVersion=1,signature=${encodeURIComponent(signature.toString('base64'))}`,
    },
  });
  const [, theirs = ''] = /signature=(.*)$/.exec(String(answer.headers['signature'])) ?? [];
  const content = signed(String(answer.headers['response-time']), answer.rawBody);
  if (!verify('sha256', content, gatewayKey, Buffer.from(decodeURIComponent(theirs), 'base64'))) {
    throw new Error('the answer is not signed by the gateway');
  }
  const { result } = JSON.parse(answer.body) as { result: { resultStatus: string } };
  if (result.resultStatus !== 'S') throw new Error(`the gateway answered ${answer.body}`);
}

function signed(time: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`POST ${url.pathname}\n${clientId}.${time}.`), body]);
}
