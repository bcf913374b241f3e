import { beforeAll, expect, test } from 'vitest';
import type { Answer } from '../../src/simulator/faults.ts';
import type { ReceivedRequest } from '../../src/simulator/request-log.ts';
import { keepLedger } from '../support/ledger.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { World } from '../support/world.ts';

/** A result as the gateway would write it, but on a page that nobody signed. */
const UNSIGNED_PAGE = '{"result":{"resultStatus":"S","resultCode":"SUCCESS","resultMessage":"Success"}}';

interface Row {
  /** Also the payment's id. */
  readonly name: string;
  readonly answer: Answer;
}

/** Verified answers are judged by their body, whatever the status. */
const SETTLING: (Row & { readonly becomes: 'delivered' | 'deadLettered' })[] = [
  { name: 'S-signed', answer: { code: 'SUCCESS' }, becomes: 'delivered' },
  { name: 'S-signed-201', answer: { code: 'SUCCESS', status: 201 }, becomes: 'delivered' },
  { name: 'S-signed-400', answer: { code: 'SUCCESS', status: 400 }, becomes: 'delivered' },
  { name: 'S-signed-500', answer: { code: 'SUCCESS', status: 500 }, becomes: 'delivered' },
  { name: 'S-signed-503', answer: { code: 'SUCCESS', status: 503 }, becomes: 'delivered' },
  { name: 'F-signed', answer: { code: 'PROCESS_FAIL' }, becomes: 'deadLettered' },
  { name: 'F-signed-500', answer: { code: 'PROCESS_FAIL', status: 500 }, becomes: 'deadLettered' },
  { name: 'F-signed-unlisted', answer: { result: 'F', code: 'NO_SUCH_PAYMENT' }, becomes: 'deadLettered' },
];

/** Everything else leaves the result open, and says why by a result code or a closed reason. */
const OPEN: (Row & { readonly reason: string })[] = [
  { name: 'S-none', answer: { code: 'SUCCESS', sign: 'none' }, reason: 'untrusted_response' },
  { name: 'S-wrong-key', answer: { code: 'SUCCESS', sign: 'wrong_key' }, reason: 'untrusted_response' },
  { name: 'S-wrong-body', answer: { code: 'SUCCESS', sign: 'wrong_body' }, reason: 'untrusted_response' },
  { name: 'S-wrong-client', answer: { code: 'SUCCESS', sign: 'wrong_client' }, reason: 'untrusted_response' },
  { name: 'S-none-500', answer: { code: 'SUCCESS', sign: 'none', status: 500 }, reason: 'untrusted_response' },
  { name: 'S-redirect', answer: { code: 'SUCCESS', status: 302 }, reason: 'redirect' },
  { name: 'S-page', answer: { fault: 'http', status: 200, body: UNSIGNED_PAGE }, reason: 'untrusted_response' },
  { name: 'S-page-503', answer: { fault: 'http', status: 503, body: UNSIGNED_PAGE }, reason: 'untrusted_response' },
  { name: 'S-late', answer: { code: 'SUCCESS', delayMs: 3_000 }, reason: 'timeout' },
  { name: 'F-none', answer: { code: 'PROCESS_FAIL', sign: 'none' }, reason: 'untrusted_response' },
  { name: 'F-wrong-key', answer: { code: 'PARAM_ILLEGAL', sign: 'wrong_key' }, reason: 'untrusted_response' },
  { name: 'F-none-new', answer: { result: 'F', code: 'NEW_CODE', sign: 'none' }, reason: 'untrusted_response' },
  { name: 'F-systemic-wrong-key', answer: { code: 'KEY_NOT_FOUND', sign: 'wrong_key' }, reason: 'untrusted_response' },
  {
    name: 'F-systemic-wrong-body',
    answer: { code: 'ACCESS_DENIED', sign: 'wrong_body' },
    reason: 'untrusted_response',
  },
  { name: 'U-signed', answer: { code: 'UNKNOWN_EXCEPTION' }, reason: 'UNKNOWN_EXCEPTION' },
  { name: 'U-signed-500', answer: { code: 'UNKNOWN_EXCEPTION', status: 500 }, reason: 'UNKNOWN_EXCEPTION' },
  { name: 'U-traffic', answer: { code: 'REQUEST_TRAFFIC_EXCEED_LIMIT' }, reason: 'REQUEST_TRAFFIC_EXCEED_LIMIT' },
  {
    name: 'U-traffic-none',
    answer: { code: 'REQUEST_TRAFFIC_EXCEED_LIMIT', sign: 'none' },
    reason: 'untrusted_response',
  },
  { name: 'U-unlisted', answer: { result: 'U', code: 'NEW_CODE' }, reason: 'NEW_CODE' },
  { name: 'U-none', answer: { code: 'UNKNOWN_EXCEPTION', sign: 'none' }, reason: 'untrusted_response' },
  { name: 'no-answer', answer: { fault: 'no_answer' }, reason: 'timeout' },
  { name: 'reset', answer: { fault: 'reset_after_read' }, reason: 'connection_reset' },
  { name: 'not-json', answer: { fault: 'not_json' }, reason: 'unreadable' },
  { name: 'empty-200', answer: { fault: 'http', status: 200 }, reason: 'unreadable' },
  { name: 'empty-204', answer: { fault: 'http', status: 204 }, reason: 'http_status' },
  { name: 'no-result', answer: { fault: 'http', status: 200, body: '{"result":{}}' }, reason: 'unreadable' },
  { name: 'null', answer: { fault: 'http', status: 200, body: 'null' }, reason: 'unreadable' },
  { name: 'page-404', answer: { fault: 'http', status: 404, body: '<html>' }, reason: 'http_status' },
  { name: 'page-429', answer: { fault: 'http', status: 429 }, reason: 'http_status' },
  { name: 'page-502', answer: { fault: 'http', status: 502, body: '<html>' }, reason: 'http_status' },
  { name: 'page-503', answer: { fault: 'http', status: 503, body: '{}' }, reason: 'http_status' },
  { name: 'truncated', answer: { fault: 'truncated' }, reason: 'connection_reset' },
  { name: 'oversized', answer: { fault: 'oversized' }, reason: 'oversized' },
  { name: 'oversized-a-little', answer: { fault: 'oversized', bytes: 66_000 }, reason: 'oversized' },
  { name: 'endless', answer: { fault: 'endless' }, reason: 'oversized' },
  { name: 'endless-trickle', answer: { fault: 'endless', bytes: 1, everyMs: 50 }, reason: 'timeout' },
];

const PARTITIONS = 8;
let world: World;
let service: ServiceProcess;
const reasons = new Map<string, string[]>();
const letters = new Map<string, string>();

beforeAll(async () => {
  const rows: Row[] = [...SETTLING, ...OPEN];
  const [shared, end] = await World.shared({
    partitions: PARTITIONS,
    profile: { rules: rows.map(({ name, answer }) => ({ when: { paymentId: name, attempt: 1 }, answer })) },
    settings: { RETRY_DELAYS: '500ms', GATEWAY_TIMEOUT: '1s', OUTAGE_HOLD_AFTER: '0' },
  });
  world = shared;
  for (const [row, { name }] of rows.entries()) await world.write(row % PARTITIONS, [name, `behind-${name}`]);
  service = await world.start();
  await world.settled();
  for (const { key, text } of await world.records('retry.500ms')) {
    const name = key?.toString() ?? '';
    reasons.set(name, [...(reasons.get(name) ?? []), text['notifier-reason'] ?? '']);
  }
  for (const { key, text } of await world.records('dead-letter')) {
    letters.set(key?.toString() ?? '', text['notifier-dead-letter-reason'] ?? '');
  }
  return end;
});

test.each(SETTLING)('$name: $becomes at once', ({ name, becomes }) => {
  expect(requestsFor(name)).toHaveLength(1);
  expect(reasons.get(name)).toBeUndefined();
  expect(letters.get(name)).toBe(becomes === 'deadLettered' ? 'rejected' : undefined);
});

test.each(OPEN)('$name: no delivery but a retry, $reason', ({ name, reason }) => {
  const [first, second, ...more] = requestsFor(name);
  expect(more).toEqual([]);
  expect(first).toMatchObject({ verification: 'verified' });
  expect(second).toMatchObject({ verification: 'verified', answered: 'S SUCCESS', body: first?.body });
  expect(reasons.get(name)).toEqual([reason]);
  expect(letters.get(name)).toBeUndefined();
});

test('nothing was held, and the books are in order', async () => {
  expect(await service.metric('notifier_hold_probes_total{result="ended"}')).toBe(0);
  const ledger = await keepLedger(world);
  expect(ledger).toMatchObject({ lost: [], doubled: [], parked: [], uncommitted: [], disorder: [] });
  expect(ledger.deadLettered.toSorted()).toEqual(
    SETTLING.flatMap(({ name, becomes }) => (becomes === 'deadLettered' ? [name] : [])).toSorted(),
  );
  // `S-redirect` tells a success that must not be believed: the only payment told again after one.
  expect(ledger.repeats).toBe(1);
});

function requestsFor(paymentId: string): ReceivedRequest[] {
  return world.simulator.requests().filter((request) => request.paymentId === paymentId);
}
