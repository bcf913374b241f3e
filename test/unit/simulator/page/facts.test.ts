import { expect, test } from 'vitest';
import { factsOf, isShow, MOST_ROWS, serviceState, type Wanted } from '../../../../src/simulator/page/facts.ts';
import type { Profile } from '../../../../src/simulator/faults.ts';
import { createPlayer } from '../../../../src/simulator/player.ts';
import { createRequestLog } from '../../../../src/simulator/request-log.ts';

const ALL: Wanted = { show: 'all', payment: '' };

function stage() {
  const log = createRequestLog({ keepRequests: Infinity, keepBodies: 10 });
  const player = createPlayer(new Map([['rush', () => ({ rateCap: 5 })]]));
  const enter = (paymentId: string, verification = 'verified', label = 'S SUCCESS'): void => {
    const arrival = { paymentId, keyVersion: '1', requestTime: '', body: Buffer.alloc(0), verification };
    log.enter(arrival).answer(label);
  };
  const facts = (wanted: Wanted = ALL, nowMs = performance.now()) =>
    factsOf({ log, player }, { kind: 'sends' }, wanted, nowMs);
  return { log, player, enter, facts };
}

test('what is played has a title, and is as usual or not', () => {
  const { player, facts } = stage();
  const played = () => [facts().playing.title, facts().playing.asUsual];
  expect(played()).toEqual(['The profile rush', false]);
  player.playFault('normal', 'half');
  expect(played()).toEqual(['Answering as usual', true]);
  player.playFault('no_answer', 'tenth');
  expect(played()).toEqual(['No answer, for one payment in ten', false]);
  player.play({ delayMs: 7 });
  expect(played()).toEqual(['A profile without a name', true]);
});

test.each<[Profile, string]>([
  [{}, 'Every good request is answered S SUCCESS, signed.'],
  [{ delayMs: 7 }, 'Every answer comes after 7 ms.'],
  [
    { rules: [{ answer: { code: 'PROCESS_FAIL' } }], default: { fault: 'no_answer' }, rateCap: 5 },
    'Rules: 1, the first that matches answers. Where none matches, its default answers. At most 5 requests a second.',
  ],
])('the profile %j is told in words', (profile, words) => {
  const { player, facts } = stage();
  player.play(profile);
  expect(facts().playing.about).toBe(words);
});

test('the newest requests come first, and never more than a page holds', () => {
  const { enter, facts } = stage();
  for (let at = 1; at <= 1_000; at += 1) enter(`P-${String(at)}`);
  const { requests, total, open } = facts();
  expect(requests.map(({ seq }) => seq)).toEqual(Array.from({ length: MOST_ROWS }, (_, at) => 1_000 - at));
  expect([total, open.count]).toEqual([1_000, 1_000]);
});

test('requests are chosen by judgement, answer and payment from all there are', () => {
  const { enter, facts } = stage();
  enter('A-1', 'INVALID_SIGNATURE', 'F INVALID_SIGNATURE');
  enter('A-2', 'verified', 'S SUCCESS none');
  for (let at = 0; at < 500; at += 1) enter(`B-${String(at)}`);
  const shown = (wanted: Wanted): string[] => facts(wanted).requests.map(({ paymentId }) => paymentId);
  expect(shown({ show: 'refused', payment: '' })).toEqual(['A-1']);
  expect(shown({ show: 'not_s', payment: '' })).toEqual(['A-2', 'A-1']);
  expect(shown({ show: 'all', payment: 'A-' })).toEqual(['A-2', 'A-1']);
  expect(shown({ show: 'refused', payment: 'B-' })).toEqual([]);
  expect(['all', 'refused', 'not_s', 'toString'].filter(isShow)).toEqual(['all', 'refused', 'not_s']);
});

test('counts come most frequent first, and the rate is that of the last five seconds', () => {
  const { enter, facts } = stage();
  for (let at = 0; at < 10; at += 1) enter('A', at < 3 ? 'INVALID_CLIENT' : 'verified', at < 3 ? 'F X' : 'S SUCCESS');
  const now = performance.now();
  expect(facts(ALL, now)).toMatchObject({
    verification: [
      ['verified', 7],
      ['INVALID_CLIENT', 3],
    ],
    answered: [
      ['S SUCCESS', 7],
      ['F X', 3],
    ],
    perSecond: 2,
  });
  expect(facts(ALL, now + 5_001).perSecond).toBe(0);
});

test.each([
  [
    { answered: 0, hold: undefined },
    { kind: 'silent', where: 'http://there' },
  ],
  [{ answered: 2, hold: undefined }, { kind: 'sends' }],
  [
    { answered: 2, hold: 'outage' },
    { kind: 'holds', reason: 'outage' },
  ],
])('of the service %j means %j', (answer, state) => {
  expect(serviceState(answer, 'http://there')).toEqual(state);
});
