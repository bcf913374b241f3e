import {
  constants,
  createHash,
  createPublicKey,
  sign as cryptoSign,
  verify as cryptoVerify,
  type KeyObject,
} from 'node:crypto';

import { describe, expect, it } from 'vitest';

import {
  parseSignatureHeader,
  requestTime,
  signatureHeader,
  signedContent,
  type SignedMessage,
} from '../../../src/core/signature.ts';
import { sign, verifyAnswer } from '../../../src/http/signer.ts';
import { rsaKeyPair } from '../../support/keys.ts';
import realSignatures from './signature-vectors.json' with { type: 'json' };

const verify = (message: SignedMessage, header: string, key: KeyObject): string => {
  const headers = { 'client-id': [message.clientId], 'response-time': [message.time], signature: [header] };
  return verifyAnswer({ headers, body: message.body }, message, [{ name: 'only', key }]);
};

describe.each(realSignatures.vectors)('the real signature: $name', (vector) => {
  const message = { path: vector.uri, clientId: vector.clientId, time: vector.time, body: Buffer.from(vector.body) };
  const key = createPublicKey({
    key: Buffer.from(vector.publicKeySpkiDerBase64, 'base64'),
    format: 'der',
    type: 'spki',
  });
  const text = vector.signatureUrlEncodedBase64 ?? encodeURIComponent(vector.signatureBase64);
  const header = `algorithm=RSA256,keyVersion=1,signature=${text}`;

  it('covers the content we make', () => {
    expect(createHash('sha256').update(signedContent(message)).digest('hex')).toBe(vector.contentSha256);
  });

  it('is verified as given', () => {
    expect(verify(message, header, key)).toBe('verified');
  });

  it.each<[string, Partial<SignedMessage>]>([
    ['a line feed appended to the content', { body: Buffer.from(`${vector.body}\n`) }],
    ['CRLF instead of LF', { path: `${vector.uri}\r` }],
    ['the time moved by one second', { time: requestTime(Date.parse(vector.time) + 1000) }],
    ['the body serialised anew', { body: Buffer.from(JSON.stringify(JSON.parse(vector.body), null, 1)) }],
  ])('is refused after %s', (_change, changed) => {
    expect(verify({ ...message, ...changed }, header, key)).toBe('invalid');
  });

  it('is no signature with PSS padding', () => {
    const signature = parseSignatureHeader(header)?.signature ?? Buffer.alloc(0);
    expect(cryptoVerify('sha256', signedContent(message), key, signature)).toBe(true);
    expect(
      cryptoVerify('sha256', signedContent(message), { key, padding: constants.RSA_PKCS1_PSS_PADDING }, signature),
    ).toBe(false);
  });
});

describe('our own signature', () => {
  const message = {
    path: '/prefix/notify',
    clientId: 'CLIENT',
    time: '2026-11-22T10:00:00Z',
    body: Buffer.from('{"é":"1"}'),
  };
  const ours = rsaKeyPair();

  it('verifies with the public half of its key, and with no other', async () => {
    const header = signatureHeader('1', await sign(message, ours.privateKey));
    expect(verify(message, header, ours.publicKey)).toBe('verified');
    expect(verify(message, header, rsaKeyPair('gateway').publicKey)).toBe('invalid');
  });

  it('is what the standard calls RSASSA-PKCS1-v1_5 with SHA-256', async () => {
    const signature = await sign(message, ours.privateKey);
    expect(signature).toEqual(cryptoSign('RSA-SHA256', signedContent(message), ours.privateKey));
    expect(signedContent(message).toString()).toBe('POST /prefix/notify\nCLIENT.2026-11-22T10:00:00Z.{"é":"1"}');
  });

  it('is refused when made with PSS padding', () => {
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    const signature = cryptoSign('sha256', signedContent(message), { key: ours.privateKey, padding });
    expect(verify(message, signatureHeader('1', signature), ours.publicKey)).toBe('invalid');
  });
});

describe('an answer', () => {
  const request = { path: '/notify', clientId: 'CLIENT' };
  const time = '2026-11-22T10:00:00Z';
  const body = Buffer.from('{"result":{}}');
  const gateway = rsaKeyPair('gateway');
  const keys = [
    { name: 'old', key: rsaKeyPair('other').publicKey },
    { name: 'new', key: gateway.publicKey },
  ];
  const signed = async (changed: Partial<SignedMessage> = {}): Promise<Record<string, string[]>> => {
    const message = { ...request, time, body, ...changed };
    const header = signatureHeader('7', await sign(message, gateway.privateKey));
    return { 'client-id': [message.clientId], 'response-time': [message.time], signature: [header] };
  };

  it('is verified by any of the keys', async () => {
    expect(verifyAnswer({ headers: await signed(), body }, request, keys)).toBe('verified');
    expect(verifyAnswer({ headers: await signed(), body }, request, keys.slice(0, 1))).toBe('invalid');
    expect(verifyAnswer({ headers: await signed(), body }, request, [])).toBe('invalid');
  });

  it('without a signature is told apart from one whose signature is wrong', async () => {
    const unsigned = { ...(await signed()), signature: undefined };
    expect(verifyAnswer({ headers: unsigned, body }, request, keys)).toBe('missing');
    expect(verifyAnswer({ headers: { ...unsigned, signature: ['algorithm=RSA256'] }, body }, request, keys)).toBe(
      'invalid',
    );
    expect(verifyAnswer({ headers: { ...unsigned, signature: [''] }, body }, request, keys)).toBe('invalid');
  });

  it('must name our client id, even where its signature is good', async () => {
    expect(verifyAnswer({ headers: await signed({ clientId: 'ANOTHER' }), body }, request, keys)).toBe('invalid');
    const unnamed = { ...(await signed()), 'client-id': undefined };
    expect(verifyAnswer({ headers: unnamed, body }, request, keys)).toBe('invalid');
  });

  it('must bring its time', async () => {
    const timeless = { ...(await signed({ time: '' })), 'response-time': undefined };
    expect(verifyAnswer({ headers: timeless, body }, request, keys)).toBe('invalid');
    expect(verifyAnswer({ headers: { ...timeless, 'response-time': [''] }, body }, request, keys)).toBe('invalid');
  });

  it.each(['client-id', 'response-time', 'signature'])('that repeats %s is not guessed at', async (name) => {
    const headers = await signed();
    const repeated = { ...headers, [name]: [...(headers[name] ?? []), ...(headers[name] ?? [])] };
    expect(verifyAnswer({ headers: repeated, body }, request, keys)).toBe('invalid');
  });

  it('answers the path that was asked, byte for byte', async () => {
    expect(verifyAnswer({ headers: await signed({ path: '/other' }), body }, request, keys)).toBe('invalid');
    expect(verifyAnswer({ headers: await signed(), body: Buffer.from('{"result": {}}') }, request, keys)).toBe(
      'invalid',
    );
  });
});

describe('the signature header', () => {
  const bytes = Buffer.from('fbefbefffffb', 'hex'); // "++++///7" needs every escape but the padding's
  const padded = Buffer.from('fbff', 'hex'); // "+/8="

  it('is written in the order every parser takes, percent-encoded', () => {
    expect(signatureHeader('2', padded)).toBe('algorithm=RSA256,keyVersion=2,signature=%2B%2F8%3D');
  });

  it.each([bytes, padded, Buffer.alloc(256, 0xfb)])('reads back what was written', (signature) => {
    expect(parseSignatureHeader(signatureHeader('2', signature))).toEqual({
      algorithm: 'RSA256',
      keyVersion: '2',
      signature,
    });
  });

  it.each([
    ['lower-case hex', 'algorithm=RSA256,keyVersion=2,signature=%2b%2f8%3d'],
    ['another order', 'signature=%2B%2F8%3D,keyVersion=2,algorithm=RSA256'],
    ['a space after the comma', 'algorithm=RSA256, keyVersion=2, signature=%2B%2F8%3D'],
    ['a raw + and =', 'algorithm=RSA256,keyVersion=2,signature=+/8='],
    ['a space before the comma', 'algorithm=RSA256 ,keyVersion=2 ,signature=%2B%2F8%3D '],
    ['a part without a name', '=1,algorithm=RSA256,keyVersion=2,signature=%2B%2F8%3D'],
    ['another case of the algorithm', 'algorithm=rsa256,keyVersion=2,signature=%2B%2F8%3D'],
  ])('may come with %s', (_form, header) => {
    expect(parseSignatureHeader(header)).toEqual({ algorithm: 'RSA256', keyVersion: '2', signature: padded });
  });

  it.each([
    ['another algorithm', 'algorithm=RSA512,keyVersion=2,signature=%2B%2F8%3D'],
    ['no algorithm', 'keyVersion=2,signature=%2B%2F8%3D'],
    ['no signature', 'algorithm=RSA256,keyVersion=2'],
    ['the alphabet of URLs', 'algorithm=RSA256,keyVersion=2,signature=-_8'],
    ['a broken escape', 'algorithm=RSA256,keyVersion=2,signature=%2'],
    ['more behind the padding', 'algorithm=RSA256,keyVersion=2,signature=%2B%2F8%3D%2B'],
    ['a part that is no pair', 'algorithm=RSA256,keyVersion=2,nonsense,signature=%2B%2F8%3D'],
    ['no parts at all', 'nonsense'],
    ['nothing', ''],
  ])('is not read with %s', (_form, header) => {
    expect(parseSignatureHeader(header)).toBeUndefined();
  });
});

it('is made at a time in UTC, to the second that has begun', () => {
  expect(requestTime(Date.UTC(2026, 10, 22, 10, 0, 59, 999))).toBe('2026-11-22T10:00:59Z');
});
