import { expect, test } from 'vitest';
import { runKafkaTool } from '../../deploy/local/kafka-tool.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

test("offsets reset with Kafka's own tool send exactly that range again", async () => {
  const world = await World.create({ partitions: 2 });
  await world.writeEverywhere(30);
  const first = await world.start();
  await world.settled();
  expect(await first.end()).toBe(0);
  const before = world.simulator.requests().length;
  expect(before).toBe(60);

  const group = ['--bootstrap-server', world.settings['KAFKA_BROKERS'] ?? '', '--group', world.group];
  const reset = ['--reset-offsets', '--topic', `${world.source}:0`, '--to-offset', '18', '--execute'];
  const { code, stdout, stderr } = await runKafkaTool('org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', [
    ...group,
    ...reset,
  ]);
  expect(code, `${stdout}${stderr}`).toBe(0);

  await world.start();
  await until('the replay', () => world.simulator.requests().length >= before + 12);
  await world.settled();
  const replayed = world.simulator
    .requests()
    .slice(before)
    .map(({ paymentId }) => paymentId);
  expect(replayed).toEqual(Array.from({ length: 12 }, (_, at) => `P-0-${String(18 + at)}`));
});
