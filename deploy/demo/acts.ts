import { sampleEvent } from '../../src/cli/sample-events.ts';
import type { PaymentFinal } from '../../src/core/event.ts';
import type { Profile } from '../../src/simulator/faults.ts';
import type { Expectation } from './ledger.ts';

/** What the demo writes to the source topic: an event of the product's own emitter, or bytes that are none. */
export type Writing = {
  /** The payment's id; of bytes that are no event, their key. */
  readonly name: string;
  /** Of the record. */
  readonly key: string;
} & (
  { readonly kind: 'event'; readonly make: () => PaymentFinal } | { readonly kind: 'bytes'; readonly value: Buffer }
);

/** One part of the story. */
export interface Act {
  readonly number: number;
  readonly title: string;
  /** What to watch, in a sentence or two. */
  readonly about: string;
  readonly writings: readonly Writing[];
  readonly expected: readonly Expectation[];
}

type Scene = readonly [Writing, Omit<Expectation, 'name'>];

const delivered = (attempts?: number): Omit<Expectation, 'name'> => ({
  verdict: 'delivered',
  ...(attempts !== undefined && { attempts }),
});
const deadLettered = (reason: string, detail: string, attempts: number): Omit<Expectation, 'name'> => ({
  verdict: 'dead_lettered',
  reason,
  detail,
  attempts,
});
const event = (name: string, make: () => PaymentFinal, key = name): Writing => ({ kind: 'event', name, key, make });
const success = (name: string, key?: string): Writing => event(name, () => sampleEvent(name, true), key);
const failure = (name: string): Writing => event(name, () => sampleEvent(name, false));
const withoutRequestId = (name: string): Writing =>
  event(name, () => ({ ...sampleEvent(name, true), paymentRequestId: null }));
const noEvent = (name: string): Writing => ({
  ...{ kind: 'bytes', name, key: name },
  value: Buffer.from('{"this is":"no Avro"}'),
});

function act(number: number, title: string, about: string, scenes: readonly Scene[]): Act {
  return {
    number,
    title,
    about,
    writings: scenes.map(([writing]) => writing),
    expected: scenes.map(([{ name }, expectation]) => ({ name, ...expectation })),
  };
}

/** Two keys of one partition, with 3 partitions as with 12: what has the second key stands behind the first's. */
const [ORDER, OTHER_ORDER] = ['ORDER-7', 'ORDER-18'];

/** The acts in which the gateway knows us; the first digit of a payment id is its act. */
export const ACTS: readonly Act[] = [
  act(1, 'Delivered at once', 'Each event is one signed POST. A payment that failed (PAY-106) is told as well.', [
    [success('PAY-101'), delivered(1)],
    [success('PAY-102'), delivered(1)],
    [success('PAY-103'), delivered(1)],
    [success('PAY-104'), delivered(1)],
    [success('PAY-105'), delivered(1)],
    [failure('PAY-106'), delivered(1)],
  ]),
  act(2, 'The gateway does not know', 'U is no verdict: the same bytes again, later. PAY-203 does not wait for it.', [
    [success('PAY-201'), delivered(2)],
    [success('PAY-202'), delivered(2)],
    [success('PAY-203'), delivered(1)],
  ]),
  act(
    3,
    'Three payments of one order',
    `PAY-301 to 303 share the key ${ORDER}: while one is parked, the next wait behind it, unsent. PAY-304 does not.`,
    [
      [success('PAY-301', ORDER), delivered(3)],
      [success('PAY-302', ORDER), delivered(1)],
      [success('PAY-303', ORDER), delivered(1)],
      [success('PAY-304', OTHER_ORDER), delivered(1)],
    ],
  ),
  act(4, 'No answer at all', 'A time limit, a broken connection, a 503: each counts as unknown, none as delivered.', [
    [success('PAY-401'), delivered(2)],
    [success('PAY-402'), delivered(2)],
    [success('PAY-403'), delivered(2)],
  ]),
  act(
    5,
    'Refused for good',
    'What the gateway refuses for good is a dead letter. The next event is not held up by it.',
    [
      [success('PAY-501'), deadLettered('rejected', 'PROCESS_FAIL', 1)],
      [success('PAY-502'), deadLettered('rejected', 'PARAM_ILLEGAL', 1)],
      [success('PAY-503'), delivered(1)],
    ],
  ),
  act(
    6,
    'Not fit to be sent',
    'Bytes that are no event, and a success that names no request: never sent, never lost.',
    [
      [noEvent('PAY-601'), deadLettered('undecodable', 'magic', 0)],
      [withoutRequestId('PAY-602'), deadLettered('invalid_event', 'paymentRequestId', 0)],
      [success('PAY-603'), delivered(1)],
    ],
  ),
  act(7, 'Answers not to be believed', 'S without a signature, S by a stranger, a redirect that leads to a signed S.', [
    [success('PAY-701'), delivered(2)],
    [success('PAY-702'), delivered(2)],
    [success('PAY-703'), delivered(2)],
  ]),
];

/** Events written while the gateway does not know our key: half before it is noticed, half meanwhile. */
export const HOLD_ACT: Act = act(
  8,
  'A fault that concerns every event',
  'The gateway no longer knows our key, whatever we send. Parking every event would help nobody: sending holds.',
  Array.from({ length: 8 }, (_, at): Scene => [success(`PAY-80${at + 1}`), delivered()]),
);

/** How many events the story has. */
export const STORY_EVENTS = [...ACTS, HOLD_ACT].reduce((sum, { writings }) => sum + writings.length, 0);

const LATENCY_MS = 20;

/** How the gateway answers in acts 1 to 7. */
export const STORY_PROFILE: Profile = {
  delayMs: LATENCY_MS,
  rules: [
    { when: { paymentId: ['PAY-201', 'PAY-202'], attempt: 1 }, answer: { code: 'UNKNOWN_EXCEPTION' } },
    { when: { paymentId: 'PAY-301', attempt: { to: 2 } }, answer: { code: 'UNKNOWN_EXCEPTION' } },
    { when: { paymentId: 'PAY-401', attempt: 1 }, answer: { fault: 'no_answer' } },
    { when: { paymentId: 'PAY-402', attempt: 1 }, answer: { fault: 'reset_after_read' } },
    { when: { paymentId: 'PAY-403', attempt: 1 }, answer: { fault: 'http', status: 503 } },
    { when: { paymentId: 'PAY-501' }, answer: { code: 'PROCESS_FAIL' } },
    { when: { paymentId: 'PAY-502' }, answer: { code: 'PARAM_ILLEGAL' } },
    { when: { paymentId: 'PAY-701', attempt: 1 }, answer: { code: 'SUCCESS', sign: 'none' } },
    { when: { paymentId: 'PAY-702', attempt: 1 }, answer: { code: 'SUCCESS', sign: 'wrong_key' } },
    { when: { paymentId: 'PAY-703', attempt: 1 }, answer: { fault: 'redirect', status: 307 } },
  ],
};

/** How it answers while it does not know our key; it cannot sign then. */
export const KEY_UNKNOWN: Profile = { delayMs: LATENCY_MS, default: { code: 'KEY_NOT_FOUND', sign: 'none' } };

/** How it answers when all is well. */
export const HEALTHY: Profile = { delayMs: LATENCY_MS };

/** Payment ids of the load begin with this. */
export const LOAD_PREFIX = 'LOAD';
