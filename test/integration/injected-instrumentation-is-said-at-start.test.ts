import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const PRELOAD = new URL('../support/preload/opentelemetry-like.mjs', import.meta.url);

/** A service that is started as injected OpenTelemetry leaves it, with these libraries patched. */
function injected(patched: readonly string[]): Record<string, string> {
  return { NODE_OPTIONS: `--import=${PRELOAD.href}`, PATCHED: patched.join(',') };
}

test.each([[['kafkajs', 'http']], [['http']]])('%j', async (patched) => {
  const world = await World.create({ partitions: 1 });
  const service = await world.launch(injected(patched));
  const line = await until('a word of it', () => service.log.find(({ event }) => event === 'instrumented'));
  expect(line).toMatchObject({
    level: 'warn',
    patched,
    remedy: expect.stringContaining('OTEL_NODE_DISABLED_INSTRUMENTATIONS=kafkajs,http') as string,
  });
  expect(await (await service.ready()).end()).toBe(0);
});

test('with the switch in the manifests there is nothing to say', async () => {
  const world = await World.create({ partitions: 1 });
  const service = await world.start(injected([]));
  expect(service.log.filter(({ event }) => event === 'instrumented')).toEqual([]);
});
