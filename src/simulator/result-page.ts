import type { RESULT_CODES } from '../core/codes.ts';

/** A result code of the interface's page. */
export type ResultCode = (typeof RESULT_CODES)[number];

/** `S` notified, `F` failed, `U` unknown. */
export type ResultStatus = 'S' | 'F' | 'U';

/** The result the gateway puts in an answer. */
export interface Result {
  readonly resultStatus: ResultStatus;
  readonly resultCode: string;
  readonly resultMessage: string;
}

/** The table "Result/Error codes" of the page notifyPushPayment: status and message of each code. */
const PAGE: Readonly<Record<ResultCode, readonly [ResultStatus, string]>> = {
  SUCCESS: ['S', 'Success'],
  ACCESS_DENIED: ['F', 'Access is denied.'],
  INVALID_CLIENT: ['F', 'The client is invalid.'],
  INVALID_SIGNATURE: ['F', 'The signature is invalid.'],
  KEY_NOT_FOUND: ['F', 'The key is not found.'],
  MEDIA_TYPE_NOT_ACCEPTABLE: ['F', 'The server does not implement the media type that is acceptable to the client.'],
  METHOD_NOT_SUPPORTED: ['F', 'The server does not implement the requested HTTPS method.'],
  NO_INTERFACE_DEF: ['F', 'API is not defined.'],
  PARAM_ILLEGAL: ['F', 'Illegal parameters. For example, non-numeric input, invalid date.'],
  PROCESS_FAIL: ['F', 'A general business failure occurred. Do not retry.'],
  REQUEST_TRAFFIC_EXCEED_LIMIT: ['U', 'The request traffic exceeds the limit.'],
  UNKNOWN_EXCEPTION: ['U', 'An API call failed, which is caused by unknown reasons.'],
};

const USUAL_CODE: Readonly<Record<ResultStatus, ResultCode>> = {
  S: 'SUCCESS',
  F: 'PROCESS_FAIL',
  U: 'UNKNOWN_EXCEPTION',
};

/** Whether the page lists the code, so that its status is known. */
export function isListed(code: string): code is ResultCode {
  return Object.hasOwn(PAGE, code);
}

/** Completes a result: a listed code brings its status and message, a status alone its usual code; what is given stays. */
export function completeResult(given: {
  readonly result?: ResultStatus | undefined;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
}): Result {
  const resultCode = given.code ?? USUAL_CODE[given.result ?? 'S'];
  const [status, message] = isListed(resultCode) ? PAGE[resultCode] : (['U', 'Not on the page.'] as const);
  return { resultStatus: given.result ?? status, resultCode, resultMessage: given.message ?? message };
}
