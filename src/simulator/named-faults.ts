import type { Answer, Conditions, Profile } from './faults.ts';

/** What a named fault spoils: nothing, the result, the way there and back, or that the answer can be believed. */
export type FaultGroup = 'nothing' | 'result' | 'way' | 'proof';

/** A fault that can be played by its name, and what a service that keeps its promises makes of it. */
export interface NamedFault {
  readonly label: string;
  readonly group: FaultGroup;
  readonly about: string;
  readonly answer: Answer;
}

const fault = (label: string, group: FaultGroup, about: string, answer: Answer): NamedFault => ({
  ...{ label, group, about, answer },
});

/** By name, in the order in which they are shown; `normal` plays none. */
export const NAMED_FAULTS = {
  normal: fault('Back to normal', 'nothing', 'Every good request is answered S SUCCESS, signed.', { code: 'SUCCESS' }),
  unknown: fault('Unknown', 'result', 'U UNKNOWN_EXCEPTION: the same bytes are to come again later.', {
    code: 'UNKNOWN_EXCEPTION',
  }),
  traffic_exceeded: fault('Traffic exceeded', 'result', 'U REQUEST_TRAFFIC_EXCEED_LIMIT: sending is to slow down.', {
    code: 'REQUEST_TRAFFIC_EXCEED_LIMIT',
  }),
  refused: fault('Refused for good', 'result', 'F PROCESS_FAIL: a dead letter, and nobody waits for it.', {
    code: 'PROCESS_FAIL',
  }),
  key_not_found: fault(
    'Key not found',
    'result',
    'F KEY_NOT_FOUND, which concerns every event: sending is to hold, but for one probe at a time.',
    { code: 'KEY_NOT_FOUND', sign: 'none' },
  ),
  slow: fault('Slow: 1 s', 'way', 'S SUCCESS after a second.', { code: 'SUCCESS', delayMs: 1_000 }),
  no_answer: fault('No answer', 'way', 'The request is read and never answered: the time limit is to end it.', {
    fault: 'no_answer',
  }),
  reset: fault('Connection reset', 'way', 'The connection breaks when the request has been read.', {
    fault: 'reset_after_read',
  }),
  unavailable: fault('HTTP 503', 'way', 'The gateway is not available, and says so without a result.', {
    fault: 'http',
    status: 503,
  }),
  redirect: fault('Redirect', 'way', 'HTTP 307 to a place that answers a signed S: not to be followed.', {
    fault: 'redirect',
    status: 307,
  }),
  truncated: fault('Cut off', 'way', 'A signed S that ends in its middle.', { fault: 'truncated' }),
  endless: fault('Endless', 'way', 'An answer that never ends.', { fault: 'endless' }),
  unsigned: fault('Unsigned', 'proof', 'S SUCCESS without a signature: not to be believed.', {
    code: 'SUCCESS',
    sign: 'none',
  }),
  wrong_signature: fault('Wrong signature', 'proof', 'S SUCCESS, signed with a key nobody was told of.', {
    code: 'SUCCESS',
    sign: 'wrong_key',
  }),
  changed_body: fault('Changed on its way', 'proof', 'S SUCCESS whose signature is for another body.', {
    code: 'SUCCESS',
    sign: 'wrong_body',
  }),
  other_client: fault("Another client's", 'proof', 'S SUCCESS, well signed, for another client.', {
    code: 'SUCCESS',
    sign: 'wrong_client',
  }),
  not_json: fault('No JSON', 'proof', 'Signed bytes that are no answer of the interface.', { fault: 'not_json' }),
  oversized: fault('Too large', 'proof', 'A signed S of 2 MiB.', { fault: 'oversized' }),
} as const satisfies Readonly<Record<string, NamedFault>>;

/** The name of a fault. */
export type FaultName = keyof typeof NAMED_FAULTS;

/** Whether a name is one of {@link NAMED_FAULTS}. */
export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(NAMED_FAULTS, name);
}

/** Whom a fault can concern; whom it does not is answered as usual. */
export const CONCERNED = {
  all: { label: 'every request', when: {} },
  first: { label: 'the first attempt of each payment', when: { attempt: 1 } },
  half: { label: 'half of the payments', when: { share: 0.5 } },
  tenth: { label: 'one payment in ten', when: { share: 0.1 } },
} as const satisfies Readonly<Record<string, { readonly label: string; readonly when: Conditions }>>;

/** Whom a fault concerns. */
export type Concerned = keyof typeof CONCERNED;

/** Whether a name is one of {@link CONCERNED}. */
export function isConcerned(name: string): name is Concerned {
  return Object.hasOwn(CONCERNED, name);
}

/** The profile that plays a fault. */
export function faultProfile(name: FaultName, concerned: Concerned): Profile {
  const { answer } = NAMED_FAULTS[name];
  if (name === 'normal') return {};
  return concerned === 'all' ? { default: answer } : { rules: [{ when: CONCERNED[concerned].when, answer }] };
}
