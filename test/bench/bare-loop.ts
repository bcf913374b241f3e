import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { promisify } from 'node:util';
import { createPrivateKey, sign } from 'node:crypto';
import got from 'got';

/**
 * What nobody can do without: sign a body, post it, read the answer. `lanes` of them at once, as the service has one
 * request a partition. Prints the CPU it took, in microseconds an event, start-up excluded.
 */
const [url = '', caFile = '', keyFile = '', clientId = '', count = '0', lanes = '1'] = process.argv.slice(2);
const key = createPrivateKey(readFileSync(keyFile));
const signAsync = promisify(sign);
const agent = new Agent({ keepAlive: true, ca: readFileSync(caFile) });
const path = '/aps/api/v1/payments/notifyPushPayment';
const client = got.extend({
  method: 'POST',
  agent: { https: agent },
  retry: { limit: 0 },
  followRedirect: false,
  throwHttpErrors: false,
  decompress: false,
  timeout: { request: 5_000 },
});

async function post(number: number): Promise<void> {
  const time = `${new Date().toISOString().slice(0, 19)}Z`;
  const body = Buffer.from(
    JSON.stringify({
      paymentResult: { resultCode: 'SUCCESS', resultStatus: 'S', resultMessage: 'success' },
      paymentRequestId: `REQ-BARE-${String(number)}`,
      paymentId: `BARE-${String(number)}`,
      paymentTime: '2026-01-01T00:00:00+00:00',
    }),
  );
  const content = Buffer.concat([Buffer.from(`POST ${path}\n${clientId}.${time}.`), body]);
  const signature = (await signAsync('sha256', content, key)).toString('base64');
  const answer = await client(`${url}${path}`, {
    body,
    headers: {
      'Content-Type': 'application/json; charset=UTF-8',
      'Client-Id': clientId,
      'Request-Time': time,
      Signature: `algorithm=RSA256,keyVersion=1,signature=${encodeURIComponent(signature)}`,
    },
  });
  const { result } = JSON.parse(answer.body) as { result: { resultStatus: string } };
  if (result.resultStatus !== 'S') throw new Error(`the gateway answered ${answer.body}`);
}

async function run(from: number, to: number): Promise<void> {
  let next = from;
  const lane = async (): Promise<void> => {
    while (next < to) await post((next += 1));
  };
  await Promise.all(Array.from({ length: Number(lanes) }, lane));
}

const warmUp = Math.floor(Number(count) / 5);
await run(0, warmUp);
const before = process.cpuUsage();
const began = performance.now();
await run(warmUp, warmUp + Number(count));
const { user, system } = process.cpuUsage(before);
const seconds = (performance.now() - began) / 1_000;
console.log(JSON.stringify({ cpuMicros: (user + system) / Number(count), perSecond: Number(count) / seconds }));
agent.destroy();
