import { chmodSync, cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { expectAccounted } from '../support/expect-accounted.ts';
import { firstProcessOf, Image } from './image.ts';
import { removeTemporaryFolders, temporaryFolder } from '../support/keys.ts';
import { nodeUnderTestVersion } from '../support/node-under-test.ts';
import { freePort, ServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

/** `terminationGracePeriodSeconds` of the Deployment. */
const GRACE_PERIOD_MS = 60_000;

let image: Image;

beforeAll(async () => {
  image = await Image.build();
  return async () => {
    await image.remove();
    removeTemporaryFolders();
  };
});

test('it runs as PID 1 and as nobody, without rights, on a root that it cannot write to', async () => {
  const script = `
    const { readFileSync, writeFileSync } = require('node:fs');
    const attempt = (path) => { try { writeFileSync(path, ''); return 'written' } catch ({ code }) { return code } };
    const status = readFileSync('/proc/self/status', 'utf8');
    console.log(JSON.stringify({
      pid: process.pid, uid: process.getuid(), gid: process.getgid(), version: process.version,
      capabilities: /CapEff:\\t(.*)/.exec(status)[1], noNewPrivileges: /NoNewPrivs:\\t(.*)/.exec(status)[1],
      writes: ['/here', '/app/here', '/app/dist/main.js', '/tmp/here'].map(attempt),
    }));`;
  expect(JSON.parse(await image.output(['-e', script]))).toEqual({
    pid: 1,
    uid: 65532,
    gid: 65532,
    version: nodeUnderTestVersion(),
    capabilities: '0000000000000000',
    noNewPrivileges: '1',
    writes: ['EROFS', 'EROFS', 'EROFS', 'written'],
  });
});

test('its bill of materials lists every package that it ships, and no other', () => {
  const { packages } = JSON.parse(readFileSync(join(image.layout, 'node_modules/.package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string }>;
  };
  const shipped = Object.entries(packages).map(
    ([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`,
  );
  const { bomFormat, components } = JSON.parse(readFileSync(join(image.layout, 'sbom.cdx.json'), 'utf8')) as {
    bomFormat: string;
    components: { name: string; version: string }[];
  };
  expect(bomFormat).toBe('CycloneDX');
  const listed = new Set(components.map(({ name, version }) => `${name}@${version}`));
  expect([...listed].sort()).toEqual([...new Set(shipped)].sort());
});

test('it is ready, works, and is drained by SIGTERM within the grace period, with exit code 0', async () => {
  const world = await World.create({ partitions: 2 });
  const port = await freePort();
  const child = image.start(
    {
      ...world.settings,
      SIGNING_KEYS_DIR: '/keys/signing',
      GATEWAY_PUBLIC_KEYS_DIR: '/keys/gateway',
      GATEWAY_CA_FILE: '/keys/gateway-ca.pem',
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: String(port),
    },
    {
      '/keys/signing': readableCopy(world.settings['SIGNING_KEYS_DIR']),
      '/keys/gateway': readableCopy(world.settings['GATEWAY_PUBLIC_KEYS_DIR']),
      '/keys/gateway-ca.pem': readableCopy(world.settings['GATEWAY_CA_FILE']),
    },
  );
  const service = ServiceProcess.of(child, port, world.settings);
  world.services.push(service);
  await service.ready();

  await world.writeEverywhere(20);
  await until('the first of them to be delivered', () => world.simulator.requests().length > 0);
  const toldAt = performance.now();
  process.kill(firstProcessOf(child), 'SIGTERM');
  expect(await service.exit()).toBe(0);
  expect(performance.now() - toldAt).toBeLessThan(GRACE_PERIOD_MS);

  await world.start();
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats]).toEqual([40, 0]);
});

/** A file or folder where the image's user may read it, as a mounted Secret lets its group. */
function readableCopy(path = ''): string {
  const folder = temporaryFolder();
  const copy = join(folder, 'copy');
  cpSync(path, copy, { recursive: true });
  chmodSync(folder, 0o755);
  chmodSync(copy, 0o755);
  return copy;
}
