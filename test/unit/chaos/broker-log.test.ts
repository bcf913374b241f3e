import { expect, test } from 'vitest';
import { groupNews } from '../../chaos/broker-log.ts';

const COORDINATOR = 'GroupMetadataManager: [GroupCoordinator id=1 topic=__consumer_offsets partition=3]';
const SINCE = new Date(2026, 10, 23, 23, 50).getTime();

test('generations and evictions of one group, also past midnight', () => {
  const log = [
    `23:51:00.000 INFO  ${COORDINATOR} Stabilized group pf-1 generation 1 with 1 members.`,
    `23:52:00.000 INFO  ${COORDINATOR} Stabilized group pf-2 generation 9 with 1 members.`,
    `00:01:02.003 INFO  ${COORDINATOR} [Group pf-1] Member member-2-uuid has left group through explicit request`,
    `00:01:02.004 INFO  ${COORDINATOR} Member member-1-uuid in group pf-1 has failed, removing it from the group.`,
    `00:01:02.005 INFO  ${COORDINATOR} Stabilized group pf-1 generation 2 with 1 members.`,
  ].join('\n');
  expect(groupNews(log, 'pf-1', SINCE)).toEqual({
    generation: 2,
    evictions: [{ at: new Date(2026, 10, 24, 0, 1, 2, 4).getTime(), memberId: 'member-1-uuid' }],
  });
});

test('a log without the group says nothing', () => {
  expect(groupNews('00:00:00.000 INFO started\n', 'pf-1', SINCE)).toEqual({ generation: 0, evictions: [] });
});
