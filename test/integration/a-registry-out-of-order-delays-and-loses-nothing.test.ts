import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sampleEvent } from '../../src/cli/sample-events.ts';
import { expectAccounted } from '../support/expect-accounted.ts';
import { removeTemporaryFolders, temporaryFolder } from '../support/keys.ts';
import { registryProxy } from './registry-proxy.ts';
import type { RegistryMood } from '../support/registry-proxy.ts';
import { avroBytes, framed, register } from '../support/schemas.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const RESUMED_WITHIN_MS = 5_000;
const SCHEMA = JSON.parse(readFileSync(new URL('../../schemas/payment-final.avsc', import.meta.url), 'utf8')) as {
  readonly fields: readonly object[];
};

/** Writes an event with a schema that nobody has read yet. */
async function writeWithNewSchema(world: World, partition: number, paymentId: string): Promise<void> {
  const name = `added_${paymentId.replaceAll('-', '_')}`;
  const schema = { ...SCHEMA, fields: [...SCHEMA.fields, { name, type: ['null', 'string'], default: null }] };
  const id = await register(`${world.source}-${paymentId}`, schema);
  const value = framed(id, avroBytes(schema, { ...sampleEvent(paymentId, true), [name]: null }));
  await world.writeRaw(partition, [{ paymentId, key: paymentId, value }]);
}

const OUT_OF_ORDER: readonly (readonly [name: string, mood: RegistryMood])[] = [
  ['answers 500', { status: 500 }],
  ['answers 503 from something on the way', { status: 503, body: '<html>' }],
  ['answers 404 without its own code', { status: 404, body: '<html>not found</html>' }],
  ['answers 429', { status: 429 }],
  ['refuses us', { status: 403 }],
  ['answers with a page and 200', { status: 200, body: '<html>log in</html>' }],
  ['answers with anything but a schema', { status: 200, body: '{"message":"welcome"}' }],
  ['closes connections', 'drops'],
  ['hangs', 'hangs'],
];

test('an unknown schema waits for the registry, known ones flow, and nothing is decided meanwhile', async () => {
  const registry = await registryProxy();
  const world = await World.create({ partitions: 2, settings: { SCHEMA_REGISTRY_URL: registry.url } });
  await world.write(0, ['first']);
  const service = await world.start();
  const sent = (paymentId: string) => world.simulator.requests().find((request) => request.paymentId === paymentId);
  await until('the schema to be known', () => sent('first'));

  for (const [at, [name, mood]] of OUT_OF_ORDER.entries()) {
    registry.mood = mood;
    const asked = registry.asked;
    await writeWithNewSchema(world, 1, `new-${String(at)}`);
    await world.write(0, [`known-${String(at)}`]);
    await until(
      `a registry that ${name} to be asked again`,
      () => registry.asked >= asked + (mood === 'hangs' ? 2 : 4),
    );
    await until('known schemas to flow', () => sent(`known-${String(at)}`));
    expect(sent(`new-${String(at)}`), name).toBeUndefined();
    expect((await world.committed()).get(1), name).toBe(at);
    expect((await service.get('/readyz')).status, name).toBe(200);

    registry.mood = 'works';
    const backAt = Date.now();
    const { at: sentAt } = await until('it to be sent', () => sent(`new-${String(at)}`));
    expect(sentAt - backAt, name).toBeLessThan(RESUMED_WITHIN_MS);
  }
  expect(service.log.find(({ for: target }) => target === 'registry')).toMatchObject({
    event: 'waiting',
    level: 'warn',
    remedy: expect.stringContaining('SCHEMA_REGISTRY_URL') as string,
  });
  const { delivered, deadLettered, repeats } = await expectAccounted(world);
  expect([delivered.length, deadLettered, repeats]).toEqual([world.written.length, [], 0]);
});

const UNKNOWN: RegistryMood = { status: 404, body: '{"error_code":40403,"message":"Schema not found"}' };

test('a registry that lags behind a writer loses no event, and ids that nobody registered stop no partition', async () => {
  const registry = await registryProxy();
  const world = await World.create({ partitions: 2, settings: { SCHEMA_REGISTRY_URL: registry.url } });
  await world.writeEverywhere(1);
  const service = await world.start();
  await world.settled();

  registry.mood = UNKNOWN;
  const asked = registry.asked;
  await writeWithNewSchema(world, 1, 'new');
  await world.write(1, ['behind-it']);
  await until('the registry to be asked again', () => registry.asked >= asked + 2);
  registry.mood = 'works';
  await world.settled(RESUMED_WITHIN_MS);
  const sentAfter = ['new', 'behind-it'].map((paymentId) => {
    return world.simulator.requests().filter((request) => request.paymentId === paymentId).length;
  });
  expect(sentAfter).toEqual([1, 1]);

  const poison = Array.from({ length: 30 }, (_, number) => ({
    key: 'K',
    value: framed(9_000_000 + number, Buffer.alloc(0)),
  }));
  await world.writeRaw(0, poison);
  await world.write(0, ['behind-the-poison']);
  await world.settled(30_000);
  expect(await service.metric('notifier_decode_errors_total{kind="schema_not_found"}')).toBe(poison.length);
  const { delivered, deadLettered, repeats } = await expectAccounted(world);
  expect([delivered.length, deadLettered.length, repeats]).toEqual([5, poison.length, 0]);
});

test.each([
  ['a wrong password', 'reader:another-password', undefined],
  ['403', undefined, { status: 403 }],
] as const)(
  'a registry that asks for a password: %s is named, the right one works, neither is told',
  async (...row) => {
    const [, credentials, mood = 'works'] = row;
    const secrets = temporaryFolder({ password: 'registry-password-77c1\n' });
    const registry = await registryProxy();
    const world = await World.create({
      partitions: 1,
      settings: {
        SCHEMA_REGISTRY_URL: registry.url,
        SCHEMA_REGISTRY_USERNAME: 'reader',
        SCHEMA_REGISTRY_PASSWORD_FILE: join(secrets, 'password'),
      },
    });
    await world.writeEverywhere(2);
    registry.credentials = credentials;
    registry.mood = mood;
    const service = await world.launch();
    const refused = await until('a word of it', () =>
      service.log.find(({ msg }) => msg === 'waiting for the schema registry'),
    );
    expect(refused).toMatchObject({
      level: 'warn',
      remedy: expect.stringMatching(/SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD_FILE/) as string,
    });
    expect((await service.get('/readyz')).status).toBe(503);

    registry.credentials = 'reader:registry-password-77c1';
    registry.mood = 'works';
    const backAt = Date.now();
    const first = await until('the first request', () => world.simulator.requests()[0]);
    expect(first.at - backAt).toBeLessThan(RESUMED_WITHIN_MS);
    const { delivered, repeats } = await expectAccounted(world);
    expect([delivered.length, repeats]).toEqual([2, 0]);
    const told = service.output + service.errors + (await service.get('/metrics')).body;
    for (const secret of ['registry-password-77c1', btoa('reader:registry-password-77c1')]) {
      expect(told).not.toContain(secret);
    }
    removeTemporaryFolders([secrets]);
  },
);
