import { expect, test } from 'vitest';
import { expectAccounted } from '../support/expect-accounted.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const PARTITIONS = 4;
const TWICE_UNKNOWN = [1, 2].map((attempt) => ({
  when: { attempt, paymentId: 'U-*' },
  answer: { code: 'UNKNOWN_EXCEPTION' },
}));

function world(): Promise<World> {
  return World.create({ partitions: PARTITIONS, profile: { delayMs: 10, rules: TWICE_UNKNOWN } });
}

/** Three events of one key on every partition, of which the first is parked twice. */
async function writeKeys(written: World, name: string): Promise<void> {
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const own = `${name}-${String(partition)}`;
    await written.write(partition, [`U-${own}`, `A-${own}`, `B-${own}`], { key: own });
  }
}

async function shared(...members: ServiceProcess[]): Promise<void> {
  await until('the members to share', async () => {
    const owned = await Promise.all(members.map((one) => one.metric('notifier_assigned_partitions{tier="main"}')));
    return owned.every((count) => count === PARTITIONS / members.length);
  });
}

test('side by side: what one parks under its delay is read, whoever leads, and no event of its key overtakes it', async () => {
  const both = await world();
  const [first, second] = [await both.start({ RETRY_DELAYS: '1s,3s' }), await both.start({ RETRY_DELAYS: '1s,2s' })];
  await shared(first, second);
  await writeKeys(both, 'one');
  await until('both delays to be used', async () => {
    const [three, two] = [await both.records('retry.3s'), await both.records('retry.2s')];
    return three.length > 0 && two.length > 0;
  });
  await writeKeys(both, 'two');
  const { delivered, repeats } = await expectAccounted(both, undefined, 'key');
  expect([delivered.length, repeats]).toEqual([both.written.length, 0]);
  for (const member of [first, second]) expect(await member.end(), member.tail()).toBe(0);
});
