import { expect, test } from 'vitest';
import { statusPage } from '../../../src/ops/status-page.ts';
import type { LaneStatus } from '../../../src/ops/status.ts';
import { statusOf } from '../../support/status.ts';

const SINCE = '2026-11-28T03:00:00.000Z';
const MEMBER = { id: 'm-1', generation: 4, state: 'serving', since: SINCE } as const;
const LANE: LaneStatus = {
  ...{ topic: 'pf', partition: 0, tier: 'main', position: 12, committed: 10, lag: 4, waitsFor: null, since: null },
};

function headline(page: string): string | undefined {
  return /<h1 class="(\w+)">(.*?)<\/h1>/.exec(page)?.slice(1).join(' ');
}

test.each([
  ['outside', statusOf(), 'busy Not serving: outside'],
  ['serving', statusOf({ member: MEMBER, lanes: [LANE] }), 'good Serving 1 partitions'],
  ['held', statusOf({ member: MEMBER, hold: { reason: 'outage', since: SINCE } }), 'bad Held: outage'],
  [
    'standing',
    statusOf({ member: MEMBER, lanes: [LANE, { ...LANE, waitsFor: 'registry' }, { ...LANE, waitsFor: 'due' }] }),
    'bad 1 of 3 partitions stand',
  ],
])('the first line says how it stands: %s', (_, status, line) => {
  expect(headline(statusPage(status))).toBe(line);
});

test('it renews itself, runs no script and loads nothing', () => {
  const page = statusPage(statusOf({ member: MEMBER, lanes: [LANE] }));
  expect(page).toContain('<meta http-equiv="refresh" content="5">');
  expect(page).not.toMatch(/<script|javascript:|\son\w+=|src=|href=|@import|url\(/i);
});

test('what came from elsewhere is text and never markup', () => {
  const nasty = `<img src=x onerror="alert('x')">&`;
  const page = statusPage(
    statusOf({
      member: { ...MEMBER, id: nasty },
      keys: { active: nasty, signing: nasty, versions: [nasty] },
      trouble: [{ at: SINCE, event: 'waiting', detail: nasty, remedy: nasty }],
    }),
  );
  expect(page).not.toContain('<img');
  expect(page).toContain('&lt;img src=x onerror=&quot;alert(&#39;x&#39;)&quot;&gt;&amp;');
});
