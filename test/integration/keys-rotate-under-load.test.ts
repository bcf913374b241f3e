import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { expectAccounted } from '../support/expect-accounted.ts';
import { pem, removeTemporaryFolders, rsaKeyPair, temporaryFolder } from '../support/keys.ts';
import { MountedFolder, type Files } from '../support/mounted-folder.ts';
import { runbook, secrets } from '../support/runbooks.ts';
import { keyLines, reloads, signingKeys } from '../support/service-keys.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const PARTITIONS = 4;
/** A machine that is busy must not look like a gateway that does not answer. */
const PATIENT = { GATEWAY_TIMEOUT: '10s', KAFKA_SESSION_TIMEOUT: '20s' };
const ONE = rsaKeyPair('one');
const TWO = rsaKeyPair('two');
const FIRST = { '1.pem': pem(ONE.privateKey) };
const SECOND = { '2.pem': pem(TWO.privateKey) };
const PAGE = runbook('key-rotation');

afterAll(() => removeTemporaryFolders());

test('a new version of our key is added, made active, and the old one removed: nothing is refused or repeated', async () => {
  const keys = new MountedFolder({ ...FIRST, active: '1' });
  const registered = temporaryFolder({ '1.pem': pem(ONE.publicKey), '2.pem': pem(TWO.publicKey) });
  const world = await World.create({
    partitions: PARTITIONS,
    profile: { delayMs: 5 },
    clientKeys: registered,
    settings: { ...PATIENT, SIGNING_KEYS_DIR: keys.path },
  });
  const service = await world.start();
  const load = startLoad(world);
  const versionsSeen = () => new Set(world.simulator.requests().map(({ keyVersion }) => keyVersion));
  const step = async (files: Files, result: 'ok' | 'rejected', count: number): Promise<void> => {
    keys.swap(files);
    await reloads(service, result, count);
    await load.flows();
  };

  const [added = {}, activated = {}, cleaned = {}] = secrets(PAGE, 'Our key', { ...FIRST, ...SECOND });
  await load.flows();
  await step(added, 'ok', 1);
  expect(await signingKeys(service)).toEqual({ 1: 'true', 2: 'false' });
  await step({ ...FIRST, '2.pem': SECOND['2.pem'].slice(0, 700), active: '2' }, 'rejected', 1);
  expect(await signingKeys(service)).toEqual({ 1: 'true', 2: 'false' });
  expect([...versionsSeen()]).toEqual(['1']);
  await step(activated, 'ok', 2);
  await step(cleaned, 'ok', 3);
  expect(await signingKeys(service)).toEqual({ 2: 'true' });

  await load.end();
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats]).toEqual([world.written.length, 0]);
  expect(world.simulator.requests().filter(({ answered }) => answered !== 'S SUCCESS')).toEqual([]);
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const ofPartition = world.simulator
      .requests()
      .filter(({ paymentId }) => paymentId.startsWith(`P-${String(partition)}-`));
    expect(ofPartition.map(({ keyVersion }) => keyVersion).join('')).toMatch(/^1+2+$/);
  }
  expect(keyLines(service, 'rejected')).toEqual([expect.stringMatching(/2\.pem: holds no private key/)]);
  const secret = [FIRST['1.pem'], SECOND['2.pem']].flatMap((text) => text.trim().split('\n').slice(1, -1));
  expect(secret.filter((line) => service.output.includes(line))).toEqual([]);
});

test("the gateway's key is rotated with both keys present: no answer is mistrusted, nothing is repeated", async () => {
  const world = await World.create({ partitions: PARTITIONS, profile: { delayMs: 5 }, settings: PATIENT });
  const old = { 'gateway.pem': readFileSync(join(world.simulator.publicKeysDir, 'gateway.pem'), 'utf8') };
  const next = rsaKeyPair('next gateway');
  const [both = {}] = secrets(PAGE, "The gateway's key", { ...old, 'next.pem': pem(next.publicKey) });
  const keys = new MountedFolder(old);
  const service = await world.start({ GATEWAY_PUBLIC_KEYS_DIR: keys.path });
  const load = startLoad(world);

  await load.flows();
  keys.swap({ ...old, 'next.pem': pem(next.privateKey) });
  await reloads(service, 'rejected', 1);
  await load.flows();
  keys.swap(both);
  await reloads(service, 'ok', 1);
  await load.flows();
  world.simulator.signWith(next.privateKey);
  await load.flows();
  keys.swap({ 'next.pem': pem(next.publicKey) });
  await reloads(service, 'ok', 2);
  await load.flows();

  await load.end();
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats]).toEqual([world.written.length, 0]);
  const signatures = (result: string) => service.metric(`notifier_response_signature_total{result="${result}"}`);
  expect(await signatures('verified')).toBe(world.written.length);
  expect([await signatures('invalid'), await signatures('missing')]).toEqual([0, 0]);
  expect(keyLines(service, 'rejected')).toEqual([expect.stringMatching(/next\.pem: holds a private key/)]);
});

test('a wrong key that is corrected while sending is held: it resumes unaided, and nothing is lost', async () => {
  const keys = new MountedFolder({ '1.pem': pem(TWO.privateKey) });
  const world = await World.create({
    partitions: PARTITIONS,
    clientKeys: temporaryFolder({ '1.pem': pem(ONE.publicKey) }),
    settings: { ...PATIENT, SIGNING_KEYS_DIR: keys.path },
  });
  await world.writeEverywhere(5);
  const service = await world.start();
  await until('the hold', async () => (await service.metric('notifier_hold{reason="INVALID_SIGNATURE"}')) === 1);
  keys.swap(FIRST);
  await reloads(service, 'ok', 1);
  const { delivered } = await expectAccounted(world);
  expect(delivered).toHaveLength(world.written.length);
  expect(await service.metric('notifier_hold{reason="INVALID_SIGNATURE"}')).toBe(0);
});

/** Writes to every partition for as long as it is asked to, never far ahead of what is sent. */
function startLoad(world: World) {
  const enough = new AbortController();
  const writing = (async () => {
    for (let batch = 1; !enough.signal.aborted; batch += 1) {
      await until('room for more', () => world.written.length - world.simulator.requests().length < 100);
      for (let partition = 0; partition < PARTITIONS; partition += 1) {
        const ids = [1, 2, 3, 4, 5].map((number) => `P-${String(partition)}-${String(batch)}-${String(number)}`);
        await world.write(partition, ids);
      }
    }
  })();
  return {
    /** Resolves when more requests have come in than can have been under way before. */
    flows: async (): Promise<void> => {
      const seen = world.simulator.requests().length;
      await until('requests to flow', () => world.simulator.requests().length > seen + 60);
    },
    end: async (): Promise<void> => {
      enough.abort();
      await writing;
    },
  };
}
