import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CLI, command, type CommandRun } from '../support/command.ts';
import { temporaryFolder } from '../support/keys.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

function emit(settings: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<CommandRun> {
  return command(settings, 'emit', ...args);
}

test('events emitted from JSON lines and samples reach the gateway through the service', async () => {
  const world = await World.create({ partitions: 2 });
  const lines = [
    {
      paymentId: 'E-1',
      paymentRequestId: 'R-1',
      paymentTime: '2026-11-22T10:00:00Z',
      paymentResult: { resultStatus: 'S', resultCode: 'SUCCESS' },
    },
    { paymentId: 'E-2', paymentResult: { resultStatus: 'F', resultCode: 'EXPIRED_CODE' } },
  ];
  const file = join(temporaryFolder(), 'events.jsonl');
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join('\n'));
  expect(await emit(world.settings, '--file', file)).toMatchObject({
    code: 0,
    output: `2 events written to ${world.source}\n`,
  });
  expect(await emit(world.settings, '--count', '5', '--rate', '100', '--json')).toMatchObject({
    code: 0,
    output: `${JSON.stringify({ topic: world.source, written: 5 })}\n`,
  });

  await world.start();
  await until(
    'seven notifications',
    () => world.simulator.requests().filter(({ answered }) => answered === 'S SUCCESS').length === 7,
  );
  const bodies = world.simulator.requests().map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  expect(bodies).toContainEqual({
    paymentResult: { resultCode: 'SUCCESS', resultStatus: 'S' },
    paymentRequestId: 'R-1',
    paymentId: 'E-1',
    paymentTime: '2026-11-22T10:00:00+00:00',
  });
  expect(bodies).toContainEqual({ paymentResult: { resultCode: 'EXPIRED_CODE', resultStatus: 'F' }, paymentId: 'E-2' });
});

test('what is wrong is named with its remedy', async () => {
  const world = await World.create({ partitions: 1 });
  const file = join(temporaryFolder({ 'bad.jsonl': '{"paymentId":5}\n' }), 'bad.jsonl');
  expect(await emit(world.settings, '--file', file)).toMatchObject({
    code: 2,
    errors: expect.stringMatching(/line 1: paymentId does not fit .*; mend/) as unknown,
  });
  expect(await emit(world.settings, '--file', '/nonexistent')).toMatchObject({
    code: 2,
    errors: expect.stringContaining('/nonexistent does not exist') as unknown,
  });
  const elsewhere = { ...world.settings, SOURCE_TOPIC: 'no-such-topic' };
  expect(await emit(elsewhere, '--count', '1')).toMatchObject({
    code: 2,
    errors: expect.stringContaining('no-such-topic does not exist; make it') as unknown,
  });
  const alone = { ...world.settings, SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1' };
  expect(await emit(alone, '--count', '1')).toMatchObject({
    code: 1,
    errors: expect.stringContaining('check SCHEMA_REGISTRY_URL') as unknown,
  });
  expect(await emit({}, '--count', '1')).toMatchObject({
    code: 2,
    errors: expect.stringContaining('KAFKA_BROKERS is required') as unknown,
  });
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  '%s ends it within a second with %i, and what it says it wrote is what stands in the topic',
  async (signal, code) => {
    const world = await World.create({ partitions: 2 });
    const env = { PATH: process.env['PATH'], ...world.settings };
    const child = spawn(process.execPath, [CLI, 'emit', '--count', '100000', '--rate', '200', '--json'], { env });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await until('some events', async () => (await inTopic(world)) > 20);
    const began = performance.now();
    child.kill(signal);
    expect(await once(child, 'close')).toEqual([code, null]);
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(JSON.parse(output)).toEqual({ topic: world.source, written: await inTopic(world) });
  },
);

async function inTopic(world: World): Promise<number> {
  const offsets = await world.admin.fetchTopicOffsets(world.source);
  return offsets.reduce((sum, { high }) => sum + Number(high), 0);
}
