import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startCluster } from '../../../deploy/local/cluster.ts';
import { withLock } from '../../../deploy/local/lock.ts';
import { freePorts } from '../../../deploy/local/ports.ts';
import { formatProcessId, identify, isRunning, self } from '../../../deploy/local/process-id.ts';
import { clearLeftOvers, makeRunFolder } from '../../../deploy/local/run-folders.ts';
import { serverProperties } from '../../../deploy/local/server-properties.ts';

const DEAD = '99999999-1';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deploy-local-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('an external cluster', () => {
  it('is used as it is where the environment names broker and registry', async () => {
    const env = { KAFKA_BROKERS: 'kafka:9092', SCHEMA_REGISTRY_URL: 'http://registry:8081' };
    const cluster = await startCluster({ brokers: 3 }, env);
    expect(cluster).toMatchObject({
      bootstrapServers: 'kafka:9092',
      registryUrl: 'http://registry:8081',
      brokers: [],
      external: true,
    });
    await expect(cluster.stop()).resolves.toBeUndefined();
  });

  it.each([
    ['SCHEMA_REGISTRY_URL', { KAFKA_BROKERS: 'kafka:9092' }],
    ['KAFKA_BROKERS', { SCHEMA_REGISTRY_URL: 'http://registry:8081' }],
  ])('is refused where %s alone is missing', async (missing, env) => {
    await expect(startCluster({}, env)).rejects.toThrow(new RegExp(`^${missing} is not set`));
  });
});

describe('what a killed owner left behind', () => {
  it('is killed and removed', async () => {
    const child = await startSleeper();
    const run = await leaveBehind(DEAD, formatProcessId(child.id));
    await clearLeftOvers(folder);
    await child.exit;
    expect(isRunning(child.id)).toBe(false);
    expect(existsSync(run)).toBe(false);
  });

  it('is removed without killing a process that was given the same pid later', async () => {
    const child = await startSleeper();
    const run = await leaveBehind(DEAD, formatProcessId({ ...child.id, startedAt: child.id.startedAt - 1 }));
    await clearLeftOvers(folder);
    expect(isRunning(child.id)).toBe(true);
    expect(existsSync(run)).toBe(false);
    child.kill();
    await child.exit;
  });

  it('is told from what a living owner uses', async () => {
    const child = await startSleeper();
    const run = await makeRunFolder(folder);
    await writeFile(join(run, 'broker-1.pid'), formatProcessId(child.id));
    await clearLeftOvers(folder);
    expect(isRunning(child.id)).toBe(true);
    expect(existsSync(run)).toBe(true);
    child.kill();
    await child.exit;
  });
});

describe('the lock', () => {
  it('lets one in at a time', async () => {
    const file = join(folder, 'lock');
    const seen: string[] = [];
    const work = (name: string) => async () => {
      seen.push(`${name} in`);
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(`${name} out`);
    };
    await withLock(file, work('a'));
    await Promise.all([withLock(file, work('b')), withLock(file, work('b'))]);
    expect(seen).toEqual(['a in', 'a out', 'b in', 'b out', 'b in', 'b out']);
    expect(existsSync(file)).toBe(false);
  });

  it('is taken from a holder that is dead, also where its pid is in use again', async () => {
    for (const holder of [DEAD, formatProcessId({ ...self(), startedAt: 1 }), '']) {
      const file = join(folder, 'lock');
      await writeFile(file, holder);
      await expect(withLock(file, () => Promise.resolve('done'))).resolves.toBe('done');
    }
  });

  it('is released where the work fails', async () => {
    const file = join(folder, 'lock');
    await expect(withLock(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(existsSync(file)).toBe(false);
  });
});

describe('server.properties', () => {
  const [first, second, third] = [1, 2, 3].map((id) => ({ id, port: 20_000 + id, controllerPort: 30_000 + id }));
  const all = [first!, second!, third!];

  it('asks for no replicas that a single broker cannot hold', () => {
    const lines = serverProperties({ self: all[0]!, all: [all[0]!], dataFolder: '/data' }).split('\n');
    expect(lines).toContain('controller.quorum.voters=1@127.0.0.1:30001');
    expect(lines.filter((line) => /replication\.factor|min\.(isr|insync)/.test(line)).map(valueOf)).toEqual(
      Array(7).fill('1'),
    );
  });

  it('replicates everything on three brokers, so that any one may fail', () => {
    const lines = serverProperties({ self: all[1]!, all, dataFolder: '/data' }).split('\n');
    expect(lines).toContain('node.id=2');
    expect(lines).toContain('controller.quorum.voters=1@127.0.0.1:30001,2@127.0.0.1:30002,3@127.0.0.1:30003');
    expect(lines.filter((line) => line.includes('replication.factor')).map(valueOf)).toEqual(Array(4).fill('3'));
    expect(lines.filter((line) => /min\.(isr|insync)/.test(line)).map(valueOf)).toEqual(Array(3).fill('2'));
  });

  it('lets the caller win', () => {
    const overrides = { 'message.max.bytes': '2000000', 'log.retention.ms': '1000' };
    const text = serverProperties({ self: all[0]!, all, dataFolder: '/data', overrides });
    expect(text.match(/^message\.max\.bytes=.*$/gm)).toEqual(['message.max.bytes=2000000']);
    expect(text).toContain('log.retention.ms=1000\n');
  });
});

it('chooses different ports, none of which the system gives to outgoing connections', async () => {
  const ports = await freePorts(20);
  expect(new Set(ports).size).toBe(20);
  expect(Math.max(...ports)).toBeLessThan(32_768);
});

function valueOf(line: string): string | undefined {
  return line.split('=')[1];
}

async function leaveBehind(owner: string, recorded: string): Promise<string> {
  const run = join(folder, `${owner}-abcdef`);
  await mkdir(run);
  await writeFile(join(run, 'broker-1.pid'), recorded);
  return run;
}

async function startSleeper() {
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'ignore' });
  const exit = once(child, 'exit');
  await once(child, 'spawn');
  const id = identify(child.pid ?? 0);
  if (!id) throw new Error('the process is not there');
  return { id, exit, kill: () => child.kill('SIGKILL') };
}
