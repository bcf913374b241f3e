import { expect, test } from 'vitest';
import { expectAccounted } from '../support/expect-accounted.ts';
import { World } from '../support/world.ts';

const PER_PARTITION = 120;

test('first requests go out in offset order, whatever becomes of each, and never two of a partition at once', async () => {
  const world = await World.create({
    partitions: 2,
    profile: {
      rules: [
        { when: { attempt: 1, share: 0.1 }, answer: { code: 'UNKNOWN_EXCEPTION' } },
        { when: { attempt: 1, share: 0.1 }, answer: { fault: 'reset_after_read' } },
        { when: { attempt: 1, share: 0.1 }, answer: { code: 'PROCESS_FAIL' } },
        { when: { share: 0.2 }, answer: { code: 'SUCCESS', delayMs: 40 } },
      ],
    },
    settings: { OUTAGE_HOLD_AFTER: '0' },
  });
  await world.writeEverywhere(PER_PARTITION);
  await world.start();
  await expectAccounted(world);

  for (const partition of [0, 1]) {
    const first = world.simulator
      .requests()
      .filter(({ paymentId, attempt }) => paymentId.startsWith(`P-${String(partition)}-`) && attempt === 1);
    expect(first.map(({ paymentId }) => paymentId)).toEqual(
      Array.from({ length: PER_PARTITION }, (_, at) => `P-${String(partition)}-${String(at)}`),
    );
    for (const [at, { receivedAtMonotonicMs, at: receivedAt }] of first.entries()) {
      const before = first[at - 1];
      expect(receivedAtMonotonicMs).toBeGreaterThanOrEqual(before?.receivedAtMonotonicMs ?? 0);
      expect(receivedAt).toBeGreaterThanOrEqual(before?.answeredAt ?? 0);
    }
  }
});
