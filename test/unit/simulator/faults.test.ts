import { createPublicKey, sign, verify } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { RESULT_CODES } from '../../../src/core/codes.ts';
import { signatureHeader, signedContent } from '../../../src/core/signature.ts';
import { type Profile, ProfileError } from '../../../src/simulator/faults.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/gateway.ts';
import type { ReceivedRequest } from '../../../src/simulator/request-log.ts';
import { rsaKeyPair } from '../../support/keys.ts';

const PATH = '/aps/api/v1/payments/notifyPushPayment';
const CLIENT_ID = 'SANDBOX_TEST';
const { privateKey, publicKey } = rsaKeyPair();
const dir = mkdtempSync(join(tmpdir(), 'simulator-'));
const agent = new Agent({ keepAlive: true });
const announced: ReceivedRequest[] = [];
let simulator: Simulator;

beforeAll(async () => {
  const publicKeyFile = join(dir, 'client.pem');
  writeFileSync(publicKeyFile, publicKey.export({ type: 'spki', format: 'pem' }));
  const onRequest = (entry: ReceivedRequest) => announced.push(entry);
  simulator = await startSimulator({ clientId: CLIENT_ID, publicKey: publicKeyFile, stateDir: dir, onRequest });
});
afterEach(() => {
  simulator.play({});
  simulator.clear();
  announced.length = 0;
});
afterAll(async () => {
  agent.destroy();
  await simulator.stop();
  rmSync(dir, { recursive: true });
});

/** Sends a good notification; the answer is left to be read. */
async function open(
  paymentId = 'P-1',
  { path = PATH, signal = AbortSignal.timeout(10_000) } = {},
): Promise<IncomingMessage> {
  const time = '2026-11-22T10:00:00Z';
  const body = Buffer.from(
    JSON.stringify({ paymentResult: { resultStatus: 'F', resultCode: 'RISK_REJECT' }, paymentId }),
  );
  const signature = sign('sha256', signedContent({ path: PATH, clientId: CLIENT_ID, time, body }), privateKey);
  const sending = request(`${simulator.url}${path}`, {
    agent,
    method: 'POST',
    ca: readFileSync(simulator.caFile),
    signal,
    headers: {
      'content-type': 'application/json',
      'client-id': CLIENT_ID,
      'request-time': time,
      signature: signatureHeader('1', signature),
    },
  });
  sending.end(body);
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  return response;
}

interface Reply {
  status: number | undefined;
  headers: IncomingMessage['headers'];
  text: string;
}

async function notify(paymentId?: string, options?: Parameters<typeof open>[1]): Promise<Reply> {
  const response = await open(paymentId, options);
  const text = Buffer.concat((await response.toArray()) as Buffer[]).toString();
  return { status: response.statusCode, headers: response.headers, text };
}

async function swap(profile: string): Promise<Reply> {
  const sending = request(`${simulator.url}/_simulator/profile`, {
    agent,
    method: 'PUT',
    ca: readFileSync(simulator.caFile),
  });
  sending.end(profile);
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  const text = Buffer.concat((await response.toArray()) as Buffer[]).toString();
  return { status: response.statusCode, headers: response.headers, text };
}

function isVerified({ headers, text }: Reply): boolean {
  const encoded = /,signature=(\S+)$/.exec(String(headers['signature']))?.[1] ?? '';
  const content = `POST ${PATH}\n${String(headers['client-id'])}.${String(headers['response-time'])}.${text}`;
  const key = createPublicKey(readFileSync(join(simulator.publicKeysDir, 'gateway.pem')));
  return verify('sha256', Buffer.from(content), key, Buffer.from(decodeURIComponent(encoded), 'base64'));
}

const resultOf = ({ text }: Reply) => (JSON.parse(text) as { result: Record<string, string> }).result;
const last = () => simulator.requests().at(-1);
const settled = () => vi.waitUntil(() => last()?.settled === true);

describe('results', () => {
  test.each(RESULT_CODES)('%s is played by its code alone, signed, with the status of the page', async (code) => {
    simulator.play({ default: { code } });
    const reply = await notify();
    const { resultStatus, resultCode } = resultOf(reply);
    expect(resultCode).toBe(code);
    expect(last()?.answered).toBe(`${resultStatus} ${code}`);
    expect([reply.status, isVerified(reply)]).toEqual([200, true]);
  });

  test('result, code, message and HTTP status are as the profile says', async () => {
    simulator.play({ default: { result: 'F', code: 'NEW_CODE', message: 'New.', status: 503 } });
    const reply = await notify();
    expect(resultOf(reply)).toEqual({ resultStatus: 'F', resultCode: 'NEW_CODE', resultMessage: 'New.' });
    expect([reply.status, isVerified(reply)]).toEqual([503, true]);
  });

  test.each(['wrong_key', 'wrong_body'] as const)('an answer signed %s does not verify', async (spoilt) => {
    simulator.play({ default: { result: 'S', sign: spoilt } });
    const reply = await notify();
    expect(reply.headers['signature']).toMatch(/^algorithm=RSA256,keyVersion=1,signature=/);
    expect(isVerified(reply)).toBe(false);
    expect(last()?.answered).toBe(`S SUCCESS ${spoilt}`);
  });

  test('an answer signed for a wrong client verifies, but for a client that is not ours', async () => {
    simulator.play({ default: { result: 'S', sign: 'wrong_client' } });
    const reply = await notify();
    expect(isVerified(reply)).toBe(true);
    expect(reply.headers['client-id']).not.toBe(CLIENT_ID);
  });

  test('an unsigned answer has no signature', async () => {
    simulator.play({ default: { result: 'S', sign: 'none' } });
    const reply = await notify();
    expect(reply.headers['signature']).toBeUndefined();
    expect(reply.headers['client-id']).toBe(CLIENT_ID);
    expect(last()?.answered).toBe('S SUCCESS none');
  });

  test('the attempt and the rate cap decide over real requests', async () => {
    simulator.play({ rules: [{ when: { attempt: 1 }, answer: { code: 'UNKNOWN_EXCEPTION' } }] });
    expect([resultOf(await notify())['resultStatus'], resultOf(await notify())['resultStatus']]).toEqual(['U', 'S']);
    simulator.play({ rateCap: 0.001 });
    await notify();
    const over = await notify();
    expect(resultOf(over)['resultCode']).toBe('REQUEST_TRAFFIC_EXCEED_LIMIT');
    expect(isVerified(over)).toBe(true);
  });

  test('latency is the profile’s and the answer’s own', async () => {
    simulator.play({ delayMs: 30, default: { code: 'SUCCESS', delayMs: 30 } });
    await notify();
    await settled();
    expect(last()!.answeredAt! - last()!.at).toBeGreaterThanOrEqual(58);
  });
});

describe('faults', () => {
  test('no_answer reads and holds the connection until the client lets go', async () => {
    simulator.play({ default: { fault: 'no_answer' } });
    const giveUp = new AbortController();
    const waiting = open('P-1', { signal: giveUp.signal });
    await vi.waitUntil(() => last()?.answered === 'no_answer');
    expect(last()).toMatchObject({ paymentId: 'P-1', attempt: 1, verification: 'verified' });
    expect(last()?.settled).toBeUndefined();
    giveUp.abort();
    await expect(waiting).rejects.toThrow();
    await settled();
    expect(last()?.answeredAt).toBeUndefined();
  });

  test.each([
    ['reset_before_read', { paymentId: '', verification: 'not_read', body: '' }],
    ['reset_after_read', { paymentId: 'P-1', verification: 'verified' }],
  ] as const)('%s breaks the connection with a reset', async (fault, entry) => {
    simulator.play({ default: { fault } });
    await expect(notify()).rejects.toMatchObject({ code: 'ECONNRESET' });
    await settled();
    expect(last()).toMatchObject({ ...entry, answered: fault });
  });

  test('http answers a status and a raw body, unsigned', async () => {
    simulator.play({ default: { fault: 'http', status: 503, body: '<h1>down</h1>' } });
    const { status, text, headers } = await notify();
    expect([status, text, headers['signature']]).toEqual([503, '<h1>down</h1>', undefined]);
    expect(last()?.answered).toBe('http 503');
  });

  test.each([302, 307, 308] as const)(
    'redirect %i leads to a signed S, and whoever follows is seen',
    async (status) => {
      simulator.play({ default: { fault: 'redirect', status } });
      const reply = await notify();
      expect(reply.status).toBe(status);
      const followed = await notify('P-1', { path: String(reply.headers.location) });
      expect([resultOf(followed)['resultStatus'], isVerified(followed)]).toEqual(['S', true]);
      expect(simulator.requests().map(({ answered }) => answered)).toEqual([
        `redirect ${status}`,
        'S SUCCESS redirected',
      ]);
      expect(last()?.verification).toBe('redirect_followed');
    },
  );

  test('redirect leads where the profile says', async () => {
    simulator.play({ default: { fault: 'redirect', location: 'https://localhost/elsewhere' } });
    expect((await notify()).headers.location).toBe('https://localhost/elsewhere');
  });

  test('not_json is well signed and unreadable', async () => {
    simulator.play({ default: { fault: 'not_json' } });
    const reply = await notify();
    expect(reply.headers['content-type']).toContain('application/json');
    expect(isVerified(reply)).toBe(true);
    expect(() => resultOf(reply)).toThrow(SyntaxError);
  });

  test('oversized is a well-signed S of so many bytes', async () => {
    simulator.play({ default: { fault: 'oversized', bytes: 300_000 } });
    const reply = await notify();
    expect(reply.text).toHaveLength(300_000);
    expect([resultOf(reply)['resultStatus'], isVerified(reply)]).toEqual(['S', true]);
  });

  test('endless sends chunk after chunk until the client lets go', async () => {
    simulator.play({ default: { fault: 'endless', bytes: 100, everyMs: 1 } });
    const response = await open();
    let received = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      received += chunk.length;
      if (received >= 1000) break;
    }
    response.destroy();
    await settled();
    expect(last()).toMatchObject({ answered: 'endless' });
  });

  test('truncated announces more than it sends, then closes', async () => {
    simulator.play({ default: { fault: 'truncated' } });
    const response = await open();
    expect(Number(response.headers['content-length'])).toBeGreaterThan(40);
    await expect(response.toArray()).rejects.toMatchObject({ code: 'ECONNRESET' });
    await settled();
    expect(last()?.answeredAt).toBeUndefined();
  });

  test('a client that leaves before its answer is never recorded as answered', async () => {
    simulator.play({ default: { result: 'S', delayMs: 60_000 } });
    const giveUp = new AbortController();
    const waiting = open('P-1', { signal: giveUp.signal });
    await vi.waitUntil(() => last()?.answered === 'pending');
    giveUp.abort();
    await expect(waiting).rejects.toThrow();
    await settled();
    expect(last()?.answered).toBe('client_left');
    expect(announced).toHaveLength(1);
  });
});

describe('the profile', () => {
  test('is swapped live over HTTP, and each request is announced with its answer', async () => {
    expect((await swap('{"default":{"code":"PROCESS_FAIL"}}')).status).toBe(204);
    expect(resultOf(await notify())['resultCode']).toBe('PROCESS_FAIL');
    expect(announced.map(({ answered }) => answered)).toEqual(['F PROCESS_FAIL']);
  });

  test('a wrong one is refused with all its problems and leaves the one before in play', async () => {
    simulator.play({ default: { code: 'ACCESS_DENIED' } });
    const { status, text } = await swap('{"default":{"fault":"explode"},"rateCap":-1}');
    expect(status).toBe(400);
    expect((JSON.parse(text) as { problems: { path: string }[] }).problems.map(({ path }) => path)).toEqual([
      'default.fault',
      'rateCap',
    ]);
    expect(() => simulator.play({ rateCap: -1 } satisfies Profile)).toThrow(ProfileError);
    expect(resultOf(await notify())['resultCode']).toBe('ACCESS_DENIED');
  });
});

test('stop closes connections that still wait for an answer', async () => {
  const own = await startSimulator({
    clientId: CLIENT_ID,
    publicKey: join(dir, 'client.pem'),
    stateDir: dir,
    profile: { default: { fault: 'no_answer' } },
  });
  const before = simulator;
  simulator = own;
  try {
    const outcome = expect(open()).rejects.toMatchObject({ code: 'ECONNRESET' });
    await vi.waitUntil(() => last()?.answered === 'no_answer');
    await own.stop();
    await outcome;
  } finally {
    simulator = before;
  }
});
