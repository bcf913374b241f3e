import { constants, verify } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { signedContent } from '../core/signature.ts';
import type { ClientKeys } from './client-keys.ts';
import type { ResultCode } from './result-page.ts';
import { isUtcTime } from './times.ts';
import { bodyBreach } from './verify-body.ts';

/** A request as it came in. */
export interface RawRequest {
  readonly method: string;
  /** Path and query as on the request line. */
  readonly url: string;
  /** Every value of each header, so that one sent twice is seen. */
  readonly headers: Readonly<Partial<Record<keyof IncomingHttpHeaders, string[]>>>;
  /** The exact bytes. */
  readonly body: Buffer;
}

/** What the gateway knows of its client. */
export interface Expectations {
  /** The interface's path with the prefix of the gateway's URL. */
  readonly path: string;
  readonly clientId: string;
  readonly keys: ClientKeys;
}

/** The judgement of a request. A refusal is signed only where the request's own signature was good. */
export type RequestCheck =
  | { readonly kind: 'verified'; readonly keyVersion: string }
  | {
      readonly kind: 'refused';
      readonly code: ResultCode;
      readonly why: string;
      readonly signed: boolean;
      readonly keyVersion?: string;
    };

const JSON_TYPE = /^application\/json\s*(;\s*charset=("?)utf-8\2\s*)?$/i;

/**
 * The header as the interface writes it: these three parts in this order without spaces, and standard base64 with
 * padding, percent-encoded. Narrower than what is read from the gateway, because every known parser takes this form.
 */
const SIGNATURE = /^algorithm=RSA256,keyVersion=([^,\s=]+),signature=((?:[A-Za-z0-9]|%2[BF])+(?:%3D){0,2})$/;

/** Judges a request as strictly as the interface's pages allow: first what it is, then who sent it, then what it says. */
export function verifyRequest(request: RawRequest, { path, clientId, keys }: Expectations): RequestCheck {
  const header = (name: string): string | undefined => {
    const values = request.headers[name];
    return values?.length === 1 ? values[0] : undefined;
  };
  if (request.url !== path) return unsigned('NO_INTERFACE_DEF', `the interface is ${path}`);
  if (request.method !== 'POST') return unsigned('METHOD_NOT_SUPPORTED', 'the method is POST');
  if (!JSON_TYPE.test(header('content-type') ?? '')) {
    return unsigned('MEDIA_TYPE_NOT_ACCEPTABLE', 'Content-Type must be application/json; charset=UTF-8');
  }
  const client = header('client-id');
  if (client !== clientId) return unsigned('INVALID_CLIENT', 'Client-Id must be given once and be the known one');
  const time = header('request-time');
  if (time === undefined || !isUtcTime(time)) {
    return unsigned('PARAM_ILLEGAL', 'Request-Time must be ISO 8601 in UTC, such as 2026-11-22T10:00:00Z');
  }
  const [, keyVersion, encoded] = SIGNATURE.exec(header('signature') ?? '') ?? [];
  if (keyVersion === undefined || encoded === undefined) {
    const form = 'algorithm=RSA256,keyVersion=<version>,signature=<percent-encoded base64>';
    return unsigned('INVALID_SIGNATURE', `Signature must be given once, as ${form}`);
  }
  const key = keys(keyVersion);
  if (key === undefined) return { ...unsigned('KEY_NOT_FOUND', 'no public key of this version is known'), keyVersion };
  const signature = canonicalBase64(decodeURIComponent(encoded));
  const content = signedContent({ path, clientId: client, time, body: request.body });
  if (signature === undefined || !verify('sha256', content, { key, padding: constants.RSA_PKCS1_PADDING }, signature)) {
    return { ...unsigned('INVALID_SIGNATURE', 'the signature does not fit the request'), keyVersion };
  }
  const breach = bodyBreach(request.body);
  if (breach === undefined) return { kind: 'verified', keyVersion };
  return { kind: 'refused', code: 'PARAM_ILLEGAL', why: breach, signed: true, keyVersion };
}

function unsigned(code: ResultCode, why: string): Extract<RequestCheck, { kind: 'refused' }> {
  return { kind: 'refused', code, why, signed: false };
}

function canonicalBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
