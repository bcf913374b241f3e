import { expect, test } from 'vitest';
import type { Facts } from '../../../../src/simulator/page/facts.ts';
import { choiceKey, liveParts } from '../../../../src/simulator/page/live.ts';
import { PAGE_POLICY, simulatorPage } from '../../../../src/simulator/page/page.ts';
import type { ReceivedRequest } from '../../../../src/simulator/request-log.ts';

const NASTY = `<img src=x onerror="alert('x')">\u202e`;
const AT = Date.parse('2026-11-28T03:00:00.250Z');
const REQUEST: ReceivedRequest = {
  ...{ seq: 7, at: AT, receivedAtMonotonicMs: 1, paymentId: 'P-1', attempt: 2, keyVersion: '3', requestTime: '' },
  ...{
    bodySha256: 'ab',
    body: '{}',
    verification: 'verified',
    answered: 'S SUCCESS',
    answeredAt: AT + 21,
    settled: true,
  },
};
const FACTS: Facts = {
  playing: {
    ...{
      choice: { kind: 'fault', fault: 'no_answer', concerned: 'all' },
      asUsual: false,
      title: 'No answer',
      about: '…',
    },
    since: AT,
  },
  ...{ service: { kind: 'sends' }, open: { count: 1, since: AT }, total: 4, payments: 3, perSecond: 1.25 },
  ...{ verification: [['verified', 4]], answered: [['S SUCCESS', 3]], requests: [REQUEST] },
};

/** Its text as a browser shows it, but for white space. */
const seen = (facts: Partial<Facts>): string =>
  liveParts({ ...FACTS, ...facts })
    .markup.replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');

test('a request stands on one row: when, whose, which attempt, how it was judged and answered, and after what time', () => {
  expect(seen({})).toContain('7 03:00:00.250 P-1 2 3 ✓ verified ✓ S SUCCESS 21 ms');
});

const { answeredAt, settled, ...UNANSWERED } = REQUEST;

test.each<[string, ReceivedRequest, string]>([
  [
    'refused',
    { ...REQUEST, attempt: 0, verification: 'PARAM_ILLEGAL', why: 'too long', answered: 'F PARAM_ILLEGAL' },
    '– 3 ✗ PARAM_ILLEGAL too long ✗ F PARAM_ILLEGAL 21 ms',
  ],
  ['open', { ...UNANSWERED, answered: 'pending' }, '? not answered yet open'],
  ['never answered', { ...UNANSWERED, answered: 'no_answer', settled: true }, '? no answer –'],
  ['unread', { ...REQUEST, paymentId: '', keyVersion: '', verification: 'not_read' }, '– 2 – ? not read'],
])('one that is %s says so', (_, request, words) => {
  expect(seen({ requests: [request] })).toContain(words);
});

test.each<[string, Facts['service'], string]>([
  ['sends', { kind: 'sends' }, 'Service sends'],
  ['holds', { kind: 'holds', reason: 'KEY_NOT_FOUND' }, 'Service holds for KEY_NOT_FOUND'],
  ['is silent', { kind: 'silent', where: 'http://there' }, 'Service not known nobody answers at http://there'],
])('that the service %s is told', (_, service, words) => {
  expect(seen({ service })).toContain(words);
});

test('where nothing has come yet, that is said; a service that nobody named is not mentioned', () => {
  const empty = seen({
    ...{ verification: [], answered: [], requests: [], service: undefined },
    open: { count: 0, since: undefined },
  });
  expect(empty).toContain('Requests, as judged none yet');
  expect(empty).toContain('none to show');
  expect(empty).not.toContain('Service');
});

test('what came from elsewhere is text and never markup', () => {
  const nasty = {
    ...REQUEST,
    paymentId: NASTY,
    keyVersion: NASTY,
    answered: `S ${NASTY}`,
    why: NASTY,
    verification: NASTY,
  };
  const page = simulatorPage(
    {
      ...{ ...FACTS, requests: [nasty], verification: [[NASTY, 1]], answered: [[NASTY, 1]] },
      service: { kind: 'holds', reason: NASTY },
      playing: { ...FACTS.playing, choice: { kind: 'profile', name: NASTY }, title: NASTY, about: NASTY },
    },
    [NASTY],
  );
  expect(page).not.toContain('<img');
  expect(page).toContain('&lt;img src=x onerror=&quot;alert(&#39;x&#39;)&quot;&gt;');
});

test('an id of any length takes its room and no more', () => {
  expect(seen({ requests: [{ ...REQUEST, paymentId: 'x'.repeat(300) }] })).toContain(` ${'x'.repeat(64)}… `);
});

test('the page marks its text by policy, loads nothing, and has no handler in its markup', () => {
  const page = simulatorPage(FACTS, ['rush']);
  const markup = page.replace(/<(script|style)>.*?<\/\1>/gs, '');
  expect(markup).not.toMatch(/javascript:|\son\w+=|src=|style=|@import|url\(|https?:/i);
  expect(PAGE_POLICY).toMatch(
    /^default-src 'none'; script-src 'sha256-\S+='; style-src 'sha256-\S+='; connect-src 'self';/,
  );
  expect(PAGE_POLICY).not.toContain('unsafe');
});

test('each choice has a button of its own, and the key of its button', () => {
  const page = simulatorPage(FACTS, ['rush hour & more']);
  expect(page).toContain('data-play="fault=no_answer"');
  expect(page).toContain('data-play="profile=rush%20hour%20%26%20more"');
  expect(choiceKey({ kind: 'profile', name: 'rush hour & more' })).toBe('profile=rush%20hour%20%26%20more');
  expect(choiceKey({ kind: 'fault', fault: 'reset', concerned: 'half' })).toBe('fault=reset');
  expect(choiceKey({ kind: 'own' })).toBe('own');
});
