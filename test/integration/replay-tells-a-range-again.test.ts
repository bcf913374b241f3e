import { existsSync, readFileSync } from 'node:fs';
import { constants, getPriority } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runKafkaTool } from '../../deploy/local/kafka-tool.ts';
import { command, startCommand } from '../support/command.ts';
import { temporaryFolder } from '../support/keys.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const GROUPS = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand';

function ids(partition: number, from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, at) => `P-${String(partition)}-${String(from + at)}`);
}

/** What the gateway was asked after so many requests. */
function askedAfter(world: World, requests: number): string[] {
  return world.simulator
    .requests()
    .slice(requests)
    .map(({ paymentId }) => paymentId);
}

test('plan counts what stands in a range, and changes nothing', async () => {
  const world = await World.create({ partitions: 2 });
  await world.writeEverywhere(20);
  const all = await command(world.settings, 'replay', 'plan', '--json');
  expect(JSON.parse(all.output)).toEqual({
    partitions: [0, 1].map((partition) => ({ partition, from: 0, to: 20, count: 20 })),
    total: 40,
    unread: [],
  });
  const part = ['--partition', '1', '--from-offset', '5', '--to-offset', '100'];
  const { code, output } = await command(world.settings, 'replay', 'plan', ...part);
  expect([code, output]).toEqual([
    0,
    expect.stringMatching(/^partition +from +to before +records\n +1 +5 +20 +15\n15 records/),
  ]);
  const future = await command(world.settings, 'replay', 'plan', '--from', '2100-01-01T00:00:00Z', '--json');
  expect(JSON.parse(future.output)).toMatchObject({ total: 0 });
  expect((await world.committed()).get(0) ?? -1).toBe(-1);
});

describe('run', () => {
  test('tells a range again beside the service, in order, without what was delivered where that is asked', async () => {
    const world = await World.create({
      partitions: 2,
      settings: { OUTCOMES_TOPIC: `outcomes-${String(process.pid)}-${String(Date.now())}` },
      profile: { rules: [{ when: { paymentId: 'P-0-3' }, answer: { code: 'PROCESS_FAIL' } }] },
    });
    await world.writeEverywhere(10);
    const service = await world.start();
    await world.settled();
    const before = world.simulator.requests().length;
    const range = ['--partition', '0', '--from-offset', '2', '--to-offset', '8', '--rate', '200', '--yes', '--json'];

    const skipped = await command(world.settings, 'replay', 'run', ...range, '--skip-delivered');
    expect(JSON.parse(skipped.output)).toMatchObject({ sent: 1, delivered: 0, refused: 1, skipped: 5, complete: true });
    expect(askedAfter(world, before)).toEqual(['P-0-3']);

    const again = await command(world.settings, 'replay', 'run', ...range);
    expect(JSON.parse(again.output)).toMatchObject({
      ...{ sent: 6, delivered: 5, refused: 1, skipped: 0, complete: true },
      notTold: [{ record: `${world.source}:0:3`, why: 'refused: PROCESS_FAIL' }],
    });
    expect(askedAfter(world, before + 1)).toEqual(ids(0, 2, 8));
    expect(again.errors).toContain('"replay":true');
    expect(await service.metric('notifier_slo_events_total{verdict="good"}')).toBe(19);
  });

  test('gives way to the service, and goes on where it was killed', async () => {
    const world = await World.create({ partitions: 1 });
    await world.writeEverywhere(60);
    await world.start();
    await world.settled();
    const before = world.simulator.requests().length;
    const args = ['replay', 'run', '--from', '2020-01-01T00:00:00Z', '--rate', '10', '--yes', '--json'];
    const { process: killed, ended } = startCommand(args, world.settings);
    await until('some of it told', () => askedAfter(world, before).length >= 25);
    expect(getPriority(killed.pid)).toBe(constants.priority.PRIORITY_LOW);
    killed.kill('SIGKILL');
    await ended;
    const told = askedAfter(world, before);

    const { output } = await command(world.settings, ...args.map((arg) => (arg === '10' ? '500' : arg)));
    const rest = askedAfter(world, before + told.length);
    expect(JSON.parse(output)).toMatchObject({ complete: true, delivered: rest.length });
    expect(told).toEqual(ids(0, 0, told.length));
    // What was told in the second before the kill may not have been kept.
    expect(rest.length).toBeLessThanOrEqual(60 - told.length + 15);
    expect(rest).toEqual(ids(0, 60 - rest.length, 60));
  });

  test('leaves out what the service has not come to, and refuses what cannot be meant', async () => {
    const world = await World.create({ partitions: 1 });
    await world.writeEverywhere(5);
    const nothing = await command(world.settings, 'replay', 'run', '--yes', '--json');
    expect(JSON.parse(nothing.output)).toMatchObject({ sent: 0, complete: true });
    expect(world.simulator.requests()).toEqual([]);
    const unasked = await command(world.settings, 'replay', 'run');
    expect([unasked.code, unasked.errors]).toEqual([2, expect.stringContaining('give --yes')]);
    const settings = { ...world.settings, OUTCOMES_TOPIC: '' };
    const blind = await command(settings, 'replay', 'run', '--skip-delivered', '--yes');
    expect([blind.code, blind.errors]).toEqual([2, expect.stringContaining('set OUTCOMES_TOPIC')]);
  });
});

describe('reset', () => {
  test('moves the stopped service, and back to the bit; Kafka’s own tool reads the file', async () => {
    const world = await World.create({ partitions: 2 });
    await world.writeEverywhere(10);
    const service = await world.start();
    await world.settled();
    const folder = temporaryFolder({});
    const [first, second] = [join(folder, 'first.csv'), join(folder, 'second.csv')];

    const live = await command(world.settings, 'replay', 'reset', '--from', '2020-01-01T00:00:00Z', '--yes');
    expect([live.code, live.errors]).toEqual([2, expect.stringContaining('is in use (1 members')]);
    expect(existsSync(first)).toBe(false);
    expect(await service.end()).toBe(0);

    const part = ['--partition', '0', '--from-offset', '7', '--export', first, '--yes', '--json'];
    const reset = await command(world.settings, 'replay', 'reset', ...part);
    expect(reset.errors).toContain('3 offsets are read again');
    expect(JSON.parse(reset.output)).toEqual({
      ...{ group: world.group, exported: first },
      partitions: [{ partition: 0, before: 10, after: 7 }],
    });
    expect(readFileSync(first, 'utf8')).toBe(`${world.source},0,10\n${world.source},1,10\n`);
    const back = await command(world.settings, 'replay', 'reset', '--import', first, '--export', second, '--yes');
    expect(back.code).toBe(0);
    expect(readFileSync(second, 'utf8')).toBe(`${world.source},0,7\n${world.source},1,10\n`);

    const tool = ['--bootstrap-server', world.settings['KAFKA_BROKERS'] ?? '', '--group', world.group];
    const { code } = await runKafkaTool(GROUPS, [...tool, '--reset-offsets', '--from-file', second, '--execute']);
    expect(code).toBe(0);
    expect([...(await world.committed())]).toEqual([
      [0, 7],
      [1, 10],
    ]);
    const before = world.simulator.requests().length;
    await world.start();
    await until('the rest again', () => askedAfter(world, before).length >= 3);
    await world.settled();
    expect(askedAfter(world, before)).toEqual(ids(0, 7, 10));
  });

  test('events of the range that wait in a retry topic are sent from there, once', async () => {
    const world = await World.create({
      partitions: 1,
      settings: { RETRY_DELAYS: '10s' },
      profile: { rules: [{ when: { paymentId: 'P-0-1', attempt: 1 }, answer: { code: 'UNKNOWN_EXCEPTION' } }] },
    });
    await world.writeEverywhere(3);
    const service = await world.start();
    await until('all but one told', () => world.simulator.requests().length === 3);
    expect(await service.end()).toBe(0);
    const reset = ['--from', '2020-01-01T00:00:00Z', '--export', join(temporaryFolder({}), 'old.csv'), '--yes'];
    const { code, errors } = await command(world.settings, 'replay', 'reset', ...reset);
    expect([code, errors]).toEqual([0, expect.stringContaining('1 of these events wait in retry topics')]);
    await world.start();
    await world.settled();
    expect(askedAfter(world, 3).sort()).toEqual(['P-0-0', 'P-0-1', 'P-0-2']);
  });
});
