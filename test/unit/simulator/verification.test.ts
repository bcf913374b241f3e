import { createHash, type KeyObject, sign, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { signatureHeader, signedContent } from '../../../src/core/signature.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/gateway.ts';
import { Misconfigured } from '../../../src/core/misconfigured.ts';
import { rsaKeyPair } from '../../support/keys.ts';

const PATH = '/aps/api/v1/payments/notifyPushPayment';
const CLIENT_ID = 'SANDBOX_TEST';
const { privateKey, publicKey } = rsaKeyPair();
const dir = mkdtempSync(join(tmpdir(), 'simulator-'));
const keyFile = join(dir, 'client.pem');
let simulator: Simulator;
const agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  writeFileSync(keyFile, publicKey.export({ type: 'spki', format: 'pem' }));
  simulator = await startSimulator({ clientId: CLIENT_ID, publicKey: keyFile, stateDir: dir });
});
beforeEach(() => simulator.clear());
afterAll(async () => {
  agent.destroy();
  await simulator.stop();
  rmSync(dir, { recursive: true });
});

interface Sent {
  method?: string;
  path?: string;
  clientId?: string;
  time?: string;
  body?: string | Buffer;
  key?: KeyObject;
  keyVersion?: string;
  /** Changes what has been signed and is about to be sent; `undefined` leaves a header out. */
  headers?: Record<string, string | string[] | undefined>;
  /** What is signed instead of the body. */
  signedBody?: string;
  to?: Simulator;
}

interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  code: string | undefined;
}

const GOOD = {
  paymentResult: { resultCode: 'SUCCESS', resultStatus: 'S', resultMessage: 'success' },
  paymentRequestId: 'R-1',
  paymentId: 'P-1',
  paymentTime: '2020-01-01T12:01:01+08:30',
};

async function notify(sent: Sent = {}): Promise<Reply> {
  const { method = 'POST', path = PATH, clientId = CLIENT_ID, time = '2026-11-22T10:00:00Z', keyVersion = '1' } = sent;
  const body = Buffer.from(sent.body ?? JSON.stringify(GOOD));
  const signedBody = sent.signedBody === undefined ? body : Buffer.from(sent.signedBody);
  const content = signedContent({ path, clientId, time, body: signedBody });
  const headers: Sent['headers'] = {
    'content-type': 'application/json; charset=UTF-8',
    'client-id': clientId,
    'request-time': time,
    signature: signatureHeader(keyVersion, sign('sha256', content, sent.key ?? privateKey)),
    ...sent.headers,
  };
  const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
  return call(sent.to ?? simulator, method, path, given, body);
}

function call(
  to: Simulator,
  method: string,
  path: string,
  headers: Record<string, string | string[] | undefined> = {},
  body?: Buffer,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sending = request(`${to.url}${path}`, { agent, method, headers, ca: readFileSync(to.caFile) }, (response) => {
      response.toArray().then((chunks: Buffer[]) => {
        const text = Buffer.concat(chunks).toString();
        const code = /"resultCode":"(\w+)"/.exec(text)?.[1];
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, code });
      }, reject);
    });
    sending.on('error', reject).end(body);
  });
}

const changed = (changes: object): string => JSON.stringify({ ...GOOD, ...changes });
const result = (changes: object): string => changed({ paymentResult: { ...GOOD.paymentResult, ...changes } });
const last = () => simulator.requests().at(-1);
const percent = (signature: Buffer): string => encodeURIComponent(signature.toString('base64'));

describe('a good request', () => {
  test('is answered S SUCCESS, signed over the same path and the raw bytes with the published key', async () => {
    const reply = await notify();

    expect(JSON.parse(reply.text)).toEqual({
      result: { resultStatus: 'S', resultCode: 'SUCCESS', resultMessage: 'Success' },
    });
    expect(reply.headers).toMatchObject({ 'client-id': CLIENT_ID, 'content-type': 'application/json; charset=UTF-8' });
    expect(reply.headers['response-time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(verified(reply)).toBe(true);
  });

  test.each([
    ['Request-Time in milliseconds', { time: '2026-11-22T10:00:00.123Z' }],
    ['Content-Type without charset', { headers: { 'content-type': 'application/json' } }],
    ['charset in lower case', { headers: { 'content-type': 'application/json;charset=utf-8' } }],
    ['any key version, where one file stands for all', { keyVersion: '42' }],
    ['an optional field that is null', { body: result({ resultMessage: null }) }],
    ['64 characters outside the basic plane', { body: changed({ paymentId: '😀'.repeat(64) }) }],
    [
      'a failed payment without request id and time',
      { body: JSON.stringify({ paymentId: 'P-1', paymentResult: { resultStatus: 'F', resultCode: 'RISK_REJECT' } }) },
    ],
  ])('%s', async (_name, sent: Sent) => {
    expect((await notify(sent)).code).toBe('SUCCESS');
    expect(last()).toMatchObject({ verification: 'verified', answered: 'S SUCCESS' });
  });
});

describe('what is refused before the signature is known to be good is refused unsigned', () => {
  const other = rsaKeyPair('another').privateKey;
  const body = Buffer.from(JSON.stringify(GOOD));
  const content = signedContent({ path: PATH, clientId: CLIENT_ID, time: '2026-11-22T10:00:00Z', body });
  const signature = sign('sha256', content, privateKey);
  const written = (text: string): Sent => ({ headers: { signature: text } });

  test.each<[string, string, Sent]>([
    ['a method that is not POST', 'METHOD_NOT_SUPPORTED', { method: 'PUT' }],
    ['an unknown path', 'NO_INTERFACE_DEF', { path: `${PATH}/` }],
    ['a query', 'NO_INTERFACE_DEF', { path: `${PATH}?a=1` }],
    ['a prefix that is not configured', 'NO_INTERFACE_DEF', { path: `/prefix${PATH}` }],
    ['no Content-Type', 'MEDIA_TYPE_NOT_ACCEPTABLE', { headers: { 'content-type': undefined } }],
    ['another Content-Type', 'MEDIA_TYPE_NOT_ACCEPTABLE', { headers: { 'content-type': 'text/plain' } }],
    [
      'another charset',
      'MEDIA_TYPE_NOT_ACCEPTABLE',
      { headers: { 'content-type': 'application/json; charset=latin1' } },
    ],
    ['no Client-Id', 'INVALID_CLIENT', { headers: { 'client-id': undefined } }],
    ['another Client-Id', 'INVALID_CLIENT', { clientId: 'SANDBOX_OTHER' }],
    ['a Client-Id given twice', 'INVALID_CLIENT', { headers: { 'client-id': [CLIENT_ID, CLIENT_ID] } }],
    ['no Request-Time', 'PARAM_ILLEGAL', { headers: { 'request-time': undefined } }],
    ['a Request-Time with an offset', 'PARAM_ILLEGAL', { time: '2026-11-22T10:00:00+00:00' }],
    ['a Request-Time in epoch milliseconds', 'PARAM_ILLEGAL', { time: '1795341600000' }],
    ['a Request-Time on 30 February', 'PARAM_ILLEGAL', { time: '2026-02-30T10:00:00Z' }],
    ['no Signature', 'INVALID_SIGNATURE', { headers: { signature: undefined } }],
    ['a Signature given twice', 'INVALID_SIGNATURE', { headers: { signature: ['a', 'b'] } }],
    ['another key', 'INVALID_SIGNATURE', { key: other }],
    ['a line feed signed but not sent', 'INVALID_SIGNATURE', { signedBody: `${JSON.stringify(GOOD)}\n` }],
    ['a body re-serialised after signing', 'INVALID_SIGNATURE', { signedBody: JSON.stringify(GOOD, null, 1) }],
    ['a time moved after signing', 'INVALID_SIGNATURE', { headers: { 'request-time': '2026-11-22T10:00:01Z' } }],
    [
      'another algorithm',
      'INVALID_SIGNATURE',
      written(`algorithm=RSA512,keyVersion=1,signature=${percent(signature)}`),
    ],
    [
      'parts in another order',
      'INVALID_SIGNATURE',
      written(`keyVersion=1,algorithm=RSA256,signature=${percent(signature)}`),
    ],
    [
      'a space between parts',
      'INVALID_SIGNATURE',
      written(`algorithm=RSA256, keyVersion=1, signature=${percent(signature)}`),
    ],
    ['no key version', 'INVALID_SIGNATURE', written(`algorithm=RSA256,signature=${percent(signature)}`)],
    [
      'base64 that is not percent-encoded',
      'INVALID_SIGNATURE',
      written(`algorithm=RSA256,keyVersion=1,signature=${signature.toString('base64')}`),
    ],
    [
      'the URL alphabet of base64',
      'INVALID_SIGNATURE',
      written(`algorithm=RSA256,keyVersion=1,signature=${signature.toString('base64url')}`),
    ],
    [
      'base64 without padding',
      'INVALID_SIGNATURE',
      written(`algorithm=RSA256,keyVersion=1,signature=${percent(signature).replaceAll('%3D', '')}`),
    ],
  ])('%s: %s', async (_name, code, sent) => {
    const reply = await notify(sent);

    expect(reply.code).toBe(code);
    expect(reply.headers['signature']).toBeUndefined();
    expect(reply.headers['client-id']).toBe(CLIENT_ID);
    expect(last()).toMatchObject({ verification: code, answered: `F ${code}`, attempt: 0, paymentId: 'P-1' });
  });
});

describe('a body that breaks the page is refused PARAM_ILLEGAL, signed', () => {
  test.each<[string, string | Buffer]>([
    ['no JSON', 'not json'],
    ['no object', '[]'],
    ['no UTF-8', Buffer.concat([Buffer.from('{"paymentId":"'), Buffer.from([0xff]), Buffer.from('"}')])],
    ['a byte order mark', `\uFEFF${JSON.stringify(GOOD)}`],
    ['paymentResult missing', changed({ paymentResult: undefined })],
    ['paymentResult a string', changed({ paymentResult: 'S' })],
    ['paymentId missing', changed({ paymentId: undefined })],
    ['paymentId null', changed({ paymentId: null })],
    ['paymentId empty', changed({ paymentId: '' })],
    ['paymentId a number', changed({ paymentId: 7 })],
    ['paymentId of 65 characters', changed({ paymentId: 'x'.repeat(65) })],
    ['paymentRequestId missing with S', changed({ paymentRequestId: undefined })],
    ['paymentRequestId of 65 characters', changed({ paymentRequestId: '😀'.repeat(65) })],
    ['paymentTime missing with S', changed({ paymentTime: undefined })],
    ['paymentTime a number', changed({ paymentTime: 1577851261000 })],
    ['paymentTime with Z', changed({ paymentTime: '2020-01-01T12:01:01Z' })],
    ['paymentTime in milliseconds', changed({ paymentTime: '2020-01-01T12:01:01.000+08:30' })],
    ['paymentTime on 31 April', changed({ paymentTime: '2020-04-31T12:01:01+08:30' })],
    ['paymentTime at 24 o’clock', changed({ paymentTime: '2020-04-30T24:00:00+08:30' })],
    ['paymentTime at no offset there is', changed({ paymentTime: '2020-04-30T12:00:00+08:60' })],
    ['resultStatus U', result({ resultStatus: 'U' })],
    ['resultStatus missing', result({ resultStatus: undefined })],
    ['resultCode other than SUCCESS with S', result({ resultCode: 'PROCESS_FAIL' })],
    ['resultCode missing with F', result({ resultStatus: 'F', resultCode: undefined })],
    ['resultCode of 65 characters', result({ resultStatus: 'F', resultCode: 'X'.repeat(65) })],
    ['resultMessage empty', result({ resultMessage: '' })],
    ['resultMessage of 257 characters', result({ resultMessage: 'x'.repeat(257) })],
    ['resultMessage a boolean', result({ resultMessage: true })],
    [
      'an empty optional field of a failed payment',
      changed({ paymentResult: { resultStatus: 'F', resultCode: 'RISK_REJECT' }, paymentRequestId: '' }),
    ],
    ['a field the page does not know', changed({ paymenttime: '2020-01-01T12:01:01+08:30' })],
  ])('%s', async (_name, body) => {
    const reply = await notify({ body });

    expect(reply.code).toBe('PARAM_ILLEGAL');
    expect(verified(reply)).toBe(true);
    expect(last()).toMatchObject({ verification: 'PARAM_ILLEGAL', answered: 'F PARAM_ILLEGAL', attempt: 0 });
  });
});

describe('the record', () => {
  test('tells of each request what was sent, when, and what was answered', async () => {
    const before = Date.now();
    await notify({ keyVersion: '7' });
    await notify();
    await vi.waitUntil(() => simulator.requests().every(({ settled }) => settled));

    const body = JSON.stringify(GOOD);
    const [first, second] = simulator.requests();
    expect(first).toMatchObject({
      paymentId: 'P-1',
      attempt: 1,
      keyVersion: '7',
      requestTime: '2026-11-22T10:00:00Z',
      body,
      bodySha256: createHash('sha256').update(body).digest('hex'),
      verification: 'verified',
      answered: 'S SUCCESS',
    });
    expect(first!.at).toBeGreaterThanOrEqual(before);
    expect(first!.answeredAt).toBeGreaterThanOrEqual(first!.at);
    expect(second).toMatchObject({ seq: first!.seq + 1, attempt: 2 });
    expect(second!.receivedAtMonotonicMs).toBeGreaterThan(first!.receivedAtMonotonicMs);
  });

  test('keeps the bodies of the newest requests only, and every hash', async () => {
    const small = await startSimulator({ clientId: CLIENT_ID, publicKey: keyFile, stateDir: dir, keepBodies: 1 });
    try {
      await notify({ to: small });
      await notify({ to: small });
      expect(small.requests().map(({ body }) => body)).toEqual(['', JSON.stringify(GOOD)]);
      expect(small.requests()[0]!.bodySha256).toBe(small.requests()[1]!.bodySha256);
    } finally {
      await small.stop();
    }
  });

  test('is read over HTTP by payment, from a position, and summed up', async () => {
    await notify({ body: changed({ paymentId: 'P-1' }) });
    await notify({ body: changed({ paymentId: 'P-2' }) });
    await notify({ body: changed({ paymentId: 'P-2' }), clientId: 'SANDBOX_OTHER' });
    const read = async (query: string): Promise<{ paymentId: string; seq: number }[]> => {
      const { text } = await call(simulator, 'GET', `/_simulator/requests${query}`);
      return (JSON.parse(text) as { requests: { paymentId: string; seq: number }[] }).requests;
    };

    const all = await read('');
    expect(all.map(({ paymentId }) => paymentId)).toEqual(['P-1', 'P-2', 'P-2']);
    expect(await read('?paymentId=P-2')).toEqual(all.slice(1));
    expect(await read(`?sinceSeq=${all[0]!.seq}&limit=1`)).toEqual(all.slice(1, 2));
    expect((await call(simulator, 'GET', '/_simulator/requests?limit=x')).status).toBe(400);
    expect(JSON.parse((await call(simulator, 'GET', '/_simulator/summary')).text)).toEqual({
      total: 3,
      distinctPayments: 2,
      answered: { 'S SUCCESS': 2, 'F INVALID_CLIENT': 1 },
      verification: { verified: 2, INVALID_CLIENT: 1 },
    });
  });

  test('is forgotten on DELETE, attempts included', async () => {
    await notify();
    expect((await call(simulator, 'DELETE', '/_simulator/requests')).status).toBe(204);
    expect(simulator.requests()).toEqual([]);
    await notify();
    expect(last()).toMatchObject({ attempt: 1 });
  });

  test('what is no resource of the simulator is 404', async () => {
    expect((await call(simulator, 'POST', '/_simulator/requests')).status).toBe(404);
  });
});

describe('keys and certificate', () => {
  test('a directory of keys knows its versions only, one that is added included', async () => {
    const keys = mkdtempSync(join(tmpdir(), 'simulator-keys-'));
    writeFileSync(join(keys, '1.pem'), bareBase64(publicKey));
    const strict = await startSimulator({ clientId: CLIENT_ID, publicKey: keys, stateDir: dir });
    try {
      expect((await notify({ to: strict })).code).toBe('SUCCESS');
      const refused = await notify({ to: strict, keyVersion: '2' });
      expect([refused.code, refused.headers['signature']]).toEqual(['KEY_NOT_FOUND', undefined]);
      expect(strict.requests().at(-1)).toMatchObject({ verification: 'KEY_NOT_FOUND', keyVersion: '2' });
      writeFileSync(join(keys, '2.pem'), bareBase64(publicKey).slice(0, 100));
      expect((await notify({ to: strict, keyVersion: '2' })).code).toBe('KEY_NOT_FOUND');
      writeFileSync(join(keys, '2.pem'), bareBase64(publicKey));
      expect((await notify({ to: strict, keyVersion: '2' })).code).toBe('SUCCESS');
      expect((await notify({ to: strict, keyVersion: '../client' })).code).toBe('KEY_NOT_FOUND');
    } finally {
      await strict.stop();
      rmSync(keys, { recursive: true });
    }
  });

  test('a prefix of the gateway URL is part of the path and of what is signed', async () => {
    const prefixed = await startSimulator({
      clientId: CLIENT_ID,
      publicKey: keyFile,
      stateDir: dir,
      pathPrefix: '/sea',
    });
    try {
      const reply = await notify({ to: prefixed, path: `/sea${PATH}` });
      expect(reply.code).toBe('SUCCESS');
      expect(verified(reply, `/sea${PATH}`)).toBe(true);
      expect((await notify({ to: prefixed })).code).toBe('NO_INTERFACE_DEF');
    } finally {
      await prefixed.stop();
    }
  });

  test('the identity is kept for the next start, private halves for the owner only, and made anew where damaged', async () => {
    const files = ['tls-cert.pem', 'tls-key.pem', 'gateway-private.pem', 'gateway-public/gateway.pem'];
    const contents = () => files.map((file) => readFileSync(join(dir, file), 'utf8'));
    const before = contents();
    await (await startSimulator({ clientId: CLIENT_ID, publicKey: keyFile, stateDir: dir })).stop();
    expect(contents()).toEqual(before);
    for (const file of ['tls-key.pem', 'gateway-private.pem']) {
      expect(statSync(join(dir, file)).mode & 0o777).toBe(0o600);
    }

    const damaged = mkdtempSync(join(tmpdir(), 'simulator-damaged-'));
    writeFileSync(join(damaged, 'tls-cert.pem'), before[0]!.slice(0, 100));
    writeFileSync(join(damaged, 'gateway-private.pem'), 'nothing');
    const mended = await startSimulator({ clientId: CLIENT_ID, publicKey: keyFile, stateDir: damaged });
    expect((await call(mended, 'GET', '/_simulator/summary')).status).toBe(200);
    await mended.stop();
    rmSync(damaged, { recursive: true });
  });

  test.each([
    ['a private key', () => privateKey.export({ type: 'pkcs8', format: 'pem' }), /private key/],
    ['no key', () => 'hello', /no RSA public key/],
    ['a short key', () => bareBase64(rsaKeyPair('short', 1024).publicKey), /2048 bit/],
  ])('%s is not taken for the public key', async (_name, contents, message) => {
    const file = join(dir, 'wrong.pem');
    writeFileSync(file, contents());
    const starting = startSimulator({ clientId: CLIENT_ID, publicKey: file, stateDir: dir });
    await expect(starting).rejects.toThrow(Misconfigured);
    await expect(starting).rejects.toThrow(message);
  });
});

function bareBase64(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'der' }).toString('base64');
}

/** Verifies an answer as the interface's rules say, with the key the simulator publishes. */
function verified({ headers, text }: Reply, path = PATH): boolean {
  const header = String(headers['signature']);
  const encoded = /^algorithm=RSA256,keyVersion=1,signature=(\S+)$/.exec(header)?.[1] ?? '';
  const content = `POST ${path}\n${String(headers['client-id'])}.${String(headers['response-time'])}.${text}`;
  const pem = readFileSync(join(simulator.publicKeysDir, 'gateway.pem'));
  return verify('sha256', Buffer.from(content), pem, Buffer.from(decodeURIComponent(encoded), 'base64'));
}
