import { expect, test } from 'vitest';
import { expectAccounted } from '../support/expect-accounted.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

test('while one partition waits for slow answers, the others go on', async () => {
  const slow = { when: { paymentId: 'P-0-*' }, answer: { code: 'SUCCESS', delayMs: 1_500 } };
  const world = await World.create({ partitions: 3, profile: { rules: [slow] } });
  await world.write(0, ['P-0-0', 'P-0-1', 'P-0-2']);
  for (const partition of [1, 2])
    await world.write(
      partition,
      Array.from({ length: 150 }, (_, at) => `P-${String(partition)}-${String(at)}`),
    );
  await world.start();

  const sent = (prefix: string): number =>
    world.simulator.requests().filter(({ paymentId }) => paymentId.startsWith(prefix)).length;
  await until('the quick partitions to be done', () => sent('P-1-') + sent('P-2-') === 300);
  expect(sent('P-0-')).toBeLessThan(3);

  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats]).toEqual([303, 0]);
});
