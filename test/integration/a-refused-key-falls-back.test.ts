import { afterAll, describe, expect, test } from 'vitest';
import { expectAccounted } from '../support/expect-accounted.ts';
import { pem, removeTemporaryFolders, rsaKeyPair, temporaryFolder } from '../support/keys.ts';
import { MountedFolder } from '../support/mounted-folder.ts';
import { keyLines, reloads, signingKeys } from '../support/service-keys.ts';
import { World } from '../support/world.ts';

const [ONE, TWO, THREE] = [rsaKeyPair('one'), rsaKeyPair('two'), rsaKeyPair('three')];
/** A machine that is busy must not look like a gateway that does not answer. */
const PATIENT = { GATEWAY_TIMEOUT: '10s', KAFKA_SESSION_TIMEOUT: '20s' };
const STRANGER = rsaKeyPair('stranger');
const BOTH = { '1.pem': pem(ONE.privateKey), '2.pem': pem(TWO.privateKey) };

afterAll(() => removeTemporaryFolders());

describe.each([
  ['an older', { active: '2', taken: '1' }, { '1.pem': pem(ONE.publicKey) }, 'KEY_NOT_FOUND'],
  ['a newer', { active: '1', taken: '2' }, { '2.pem': pem(TWO.publicKey) }, 'KEY_NOT_FOUND'],
  [
    'an older',
    { active: '2', taken: '1' },
    { '1.pem': pem(ONE.publicKey), '2.pem': pem(STRANGER.publicKey) },
    'INVALID_SIGNATURE',
  ],
] as const)('%s version signs', (_, { active, taken }, registered, refusal) => {
  test(`where the active one is refused with ${refusal}, unaided and until \`active\` agrees`, async () => {
    const keys = new MountedFolder({ ...BOTH, active });
    const world = await World.create({
      partitions: 2,
      clientKeys: temporaryFolder(registered),
      settings: { ...PATIENT, SIGNING_KEYS_DIR: keys.path },
    });
    await world.writeEverywhere(10);
    const service = await world.start();
    await world.settled();
    expect(await signingKeys(service)).toEqual({ [active]: 'false', [taken]: 'true' });
    await reloads(service, 'fallback', 1);
    expect(keyLines(service, 'fallback')).toEqual([
      expect.stringContaining(`takes version ${taken} and not ${active}, the active one`),
    ]);
    const refused = world.simulator.requests().filter(({ verification }) => verification !== 'verified');
    expect(refused.map(({ keyVersion, verification }) => `${keyVersion} ${verification}`)).toEqual(
      refused.map(() => `${active} ${refusal}`),
    );

    keys.swap({ ...BOTH, active: taken });
    await reloads(service, 'ok', 1);
    const before = world.simulator.requests().length;
    await world.writeEverywhere(10, 'later');
    await expectAccounted(world);
    expect(await signingKeys(service)).toEqual({ [active]: 'false', [taken]: 'true' });
    const later = world.simulator.requests().slice(before);
    expect([...new Set(later.map(({ keyVersion, answered }) => `${keyVersion} ${answered}`))]).toEqual([
      `${taken} S SUCCESS`,
    ]);
    await reloads(service, 'fallback', 1);
  });
});

test('a new active version is used at once, though another signs in place of the one before', async () => {
  const keys = new MountedFolder({ ...BOTH, active: '2' });
  const registered = temporaryFolder({ '1.pem': pem(ONE.publicKey), '3.pem': pem(THREE.publicKey) });
  const world = await World.create({
    partitions: 2,
    clientKeys: registered,
    settings: { ...PATIENT, SIGNING_KEYS_DIR: keys.path },
  });
  await world.writeEverywhere(5);
  const service = await world.start();
  await world.settled();
  expect(await signingKeys(service)).toEqual({ 1: 'true', 2: 'false' });

  keys.swap({ ...BOTH, '3.pem': pem(THREE.privateKey), active: '3' });
  await reloads(service, 'ok', 1);
  expect(await signingKeys(service)).toEqual({ 1: 'false', 2: 'false', 3: 'true' });
  const before = world.simulator.requests().length;
  await world.writeEverywhere(5, 'later');
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats]).toEqual([world.written.length, 0]);
  const later = world.simulator.requests().slice(before);
  expect(later.filter(({ keyVersion, answered }) => keyVersion !== '3' || answered !== 'S SUCCESS')).toEqual([]);
  await reloads(service, 'fallback', 1);
});
