import { expect, test } from 'vitest';
import { expectAccounted } from '../support/expect-accounted.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

/** Answers that take 1.5 s each, one after the other: longer than the quick partitions take on any machine. */
const SLOW = 8;

test('while one partition waits for slow answers, the others go on', async () => {
  const slow = { when: { paymentId: 'P-0-*' }, answer: { code: 'SUCCESS', delayMs: 1_500 } };
  const world = await World.create({ partitions: 3, profile: { rules: [slow] } });
  await world.write(
    0,
    Array.from({ length: SLOW }, (_, at) => `P-0-${String(at)}`),
  );
  for (const partition of [1, 2])
    await world.write(
      partition,
      Array.from({ length: 150 }, (_, at) => `P-${String(partition)}-${String(at)}`),
    );
  await world.start();

  const sent = (prefix: string): number =>
    world.simulator.requests().filter(({ paymentId }) => paymentId.startsWith(prefix)).length;
  await until('the quick partitions to be done', () => sent('P-1-') + sent('P-2-') === 300);
  expect(sent('P-0-')).toBeLessThan(SLOW);

  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats]).toEqual([300 + SLOW, 0]);
});
