import { isZonedTime } from './times.ts';

/**
 * What the page notifyPushPayment says of a request body. It is told here a second time, apart from the service's own
 * rules, so that the simulator can catch the service in an error.
 */

type Fields = Readonly<Record<string, unknown>>;

const MAX_LENGTH = { paymentId: 64, paymentRequestId: 64, resultCode: 64, resultMessage: 256 } as const;

/** Names the first rule of the interface's page that a request body breaks; `undefined` for a good one. */
export function bodyBreach(body: Buffer): string | undefined {
  const fields = jsonObject(body);
  if (fields === undefined) return 'the body must be one JSON object in UTF-8';
  const { paymentResult, paymentId, paymentRequestId, paymentTime, ...others } = fields;
  if (!isObject(paymentResult)) return 'paymentResult is required, an object';
  return (
    unknownField(others) ??
    resultBreach(paymentResult) ??
    textBreach('paymentId', paymentId, { required: true, max: MAX_LENGTH.paymentId }) ??
    textBreach('paymentRequestId', paymentRequestId, {
      required: paymentResult['resultStatus'] === 'S',
      max: MAX_LENGTH.paymentRequestId,
    }) ??
    timeBreach(paymentTime, paymentResult['resultStatus'] === 'S')
  );
}

/** The payment id of a body of any kind, for the record; empty where there is none. */
export function paymentIdOf(body: Buffer): string {
  const paymentId = jsonObject(body)?.['paymentId'];
  return typeof paymentId === 'string' ? paymentId : '';
}

function resultBreach({ resultStatus, resultCode, resultMessage, ...others }: Fields): string | undefined {
  if (resultStatus !== 'S' && resultStatus !== 'F') return 'paymentResult.resultStatus must be S or F';
  if (resultStatus === 'S' && resultCode !== 'SUCCESS') return 'paymentResult.resultCode must be SUCCESS with S';
  return (
    unknownField(others) ??
    textBreach('paymentResult.resultCode', resultCode, { required: true, max: MAX_LENGTH.resultCode }) ??
    textBreach('paymentResult.resultMessage', resultMessage, { required: false, max: MAX_LENGTH.resultMessage })
  );
}

/** An optional field may be absent or null, as the page allows; it may never be empty. Lengths are code points. */
function textBreach(
  name: string,
  value: unknown,
  { required, max }: { readonly required: boolean; readonly max: number },
): string | undefined {
  if (value === undefined || value === null) return required ? `${name} is required` : undefined;
  if (typeof value !== 'string') return `${name} must be a string`;
  if (value === '') return `${name} must not be empty`;
  return Array.from(value).length > max ? `${name} must have at most ${max} characters` : undefined;
}

function timeBreach(value: unknown, required: boolean): string | undefined {
  const breach = textBreach('paymentTime', value, { required, max: 25 });
  if (breach !== undefined || typeof value !== 'string') return breach;
  return isZonedTime(value) ? undefined : 'paymentTime must be like 2020-01-01T12:01:01+08:30';
}

function unknownField(others: Fields): string | undefined {
  const [name] = Object.keys(others);
  return name === undefined ? undefined : `${name.slice(0, 64)} is not a field of the interface`;
}

function jsonObject(body: Buffer): Fields | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
