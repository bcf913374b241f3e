/**
 * The result codes of the interface's page (notifyPushPayment, "Result/Error codes" and "Payment result codes").
 * Everything that depends on a code's name reads it from here.
 */

/** Codes by which the gateway refuses one notification for good. */
export const TERMINAL_CODES = ['PARAM_ILLEGAL', 'PROCESS_FAIL'] as const;

/** Codes that find fault with our key, id, address or program, and so concern every event. */
export const SYSTEMIC_CODES = [
  'ACCESS_DENIED',
  'INVALID_CLIENT',
  'INVALID_SIGNATURE',
  'KEY_NOT_FOUND',
  'MEDIA_TYPE_NOT_ACCEPTABLE',
  'METHOD_NOT_SUPPORTED',
  'NO_INTERFACE_DEF',
] as const;

/** Codes that leave the result open. */
export const UNKNOWN_CODES = ['REQUEST_TRAFFIC_EXCEED_LIMIT', 'UNKNOWN_EXCEPTION'] as const;

/** Every code an answer of the gateway can carry, as its page lists them. */
export const RESULT_CODES = ['SUCCESS', ...SYSTEMIC_CODES, ...TERMINAL_CODES, ...UNKNOWN_CODES] as const;

/** Codes a failed payment can carry in the event; the interface may add some before this service knows them. */
export const PAYMENT_FAILURE_CODES = [
  'BUSINESS_NOT_SUPPORT',
  'CURRENCY_NOT_SUPPORT',
  'EXPIRED_CODE',
  'INVALID_CONTRACT',
  'INVALID_MERCHANT_STATUS',
  'MERCHANT_KYB_NOT_QUALIFIED',
  'MERCHANT_NOT_REGISTERED',
  'ORDER_IS_CLOSED',
  'PARAM_ILLEGAL',
  'PAYMENT_AMOUNT_EXCEED_LIMIT',
  'PAYMENT_COUNT_EXCEED_LIMIT',
  'PROCESS_FAIL',
  'RISK_REJECT',
] as const;

const LISTED = new Set<string>(RESULT_CODES);

/** The value of a `result_code` label: a listed code, `OTHER` for an unlisted one, `NONE` where there was none. */
export function codeLabel(code: string | undefined): string {
  if (code === undefined) return 'NONE';
  return LISTED.has(code) ? code : 'OTHER';
}
