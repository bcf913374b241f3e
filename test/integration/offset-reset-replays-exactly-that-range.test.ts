import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runKafkaTool } from '../../deploy/local/kafka-tool.ts';
import { removeTemporaryFolders, temporaryFolder } from '../support/keys.ts';
import { fenced, runbook } from '../support/runbooks.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const PAGE = runbook('replay');
const RESET_TO = 18;

test('the runbook on replaying, step by step: exactly that range is sent again, and the way back leads back', async () => {
  const world = await World.create({ partitions: 2 });
  const folder = temporaryFolder();
  const run = operator(world, folder);
  await world.writeEverywhere(30);
  const first = await world.start();
  await world.settled();
  expect(await first.end()).toBe(0);
  const before = await world.committed();

  expect(await run('3. Wait')).toMatch(/\bEmpty\b/);
  await run('4. Keep');
  expect(readFileSync(join(folder, 'before.csv'), 'utf8').trim().split('\n').sort()).toEqual([
    `${world.source},0,30`,
    `${world.source},1,30`,
  ]);
  expect(await run('5. Try')).toContain(String(RESET_TO));
  expect(await world.committed()).toEqual(before);

  await run('6. Do');
  expect(await world.committed()).toEqual(new Map([...before, [0, RESET_TO]]));
  await run('Back');
  expect(await world.committed()).toEqual(before);

  await run('6. Do');
  const sent = world.simulator.requests().length;
  expect(sent).toBe(60);
  const second = await world.start({ REPLAY_BEFORE: new Date().toISOString() });
  await until('the replay', () => world.simulator.requests().length >= sent + 12);
  await world.settled();
  const replayed = world.simulator.requests().slice(sent);
  expect(replayed.map(({ paymentId }) => paymentId)).toEqual(
    Array.from({ length: 12 }, (_, at) => `P-0-${String(RESET_TO + at)}`),
  );
  expect(await second.metric('notifier_replayed_total')).toBe(12);
  expect(await second.metric('notifier_replay')).toBe(1);
  expect(await second.metric('notifier_slo_events_total{verdict="good"}')).toBe(0);
  removeTemporaryFolders([folder]);
});

/** Runs the commands of Kafka's tool that stand below a heading of the page, as they stand there. */
function operator(world: World, folder: string): (heading: string) => Promise<string> {
  const variables: Readonly<Record<string, string>> = {
    KAFKA_BROKERS: world.settings['KAFKA_BROKERS'] ?? '',
    GROUP: world.group,
    TOPIC: world.source,
    PARTITION: '0',
    FROM: String(RESET_TO),
  };
  return async (heading) => {
    const [line = ''] = fenced(PAGE, 'sh', heading).filter((command) =>
      command.startsWith('kafka-consumer-groups.sh '),
    );
    const [command = '', file] = line.split(' > ');
    const args = command
      .split(' ')
      .slice(1)
      .map((word) => word.replaceAll('"', '').replace(/\$(\w+)/g, (_, name: string) => variables[name] ?? ''))
      .map((word) => (word === 'before.csv' ? join(folder, word) : word));
    const tool = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand';
    const { code, stdout, stderr } = await runKafkaTool(tool, args);
    expect(code, `${line}\n${stdout}${stderr}`).toBe(0);
    if (file !== undefined) writeFileSync(join(folder, file), stdout);
    return stdout;
  };
}
