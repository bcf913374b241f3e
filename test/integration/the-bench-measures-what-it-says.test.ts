import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';

const run = promisify(execFile);

interface Found {
  readonly cells: readonly {
    readonly cell: { readonly program: string };
    readonly figures: Readonly<Record<string, { readonly median: number }>>;
  }[];
}

function bench(...args: string[]): ReturnType<typeof run> {
  const { PATH, HOME, NODE_UNDER_TEST } = process.env;
  const cluster = { KAFKA_BROKERS: inject('bootstrapServers'), SCHEMA_REGISTRY_URL: inject('registryUrl') };
  const env = { PATH, HOME, ...cluster, ...(NODE_UNDER_TEST !== undefined && { NODE_UNDER_TEST }) };
  return run(process.execPath, ['--import', 'tsx', 'test/bench/run.ts', ...args], { env });
}

test('bare loop, kafkajs program and service are measured, the service in every phase', async () => {
  const { stdout } = await bench('--short', '--json');

  const { cells } = JSON.parse(stdout.toString()) as Found;
  expect(new Set(cells.map(({ cell }) => cell.program))).toEqual(new Set(['bare', 'kafkajs', 'partition']));
  const service = cells.find(({ cell }) => cell.program === 'partition')?.figures ?? {};
  const found = Object.keys(service);
  expect(found).toEqual(expect.arrayContaining(['idlePercent', 'p50Ms', 'p99Ms', 'p999Ms', 'rateCpuMicros']));
  expect(found).toEqual(expect.arrayContaining(['lagMs', 'gatewayMicros', 'scrapeMs']));
  for (const { figures } of cells) {
    for (const name of ['cpuMicros', 'perSecond', 'garbageKB', 'memoryMiB']) {
      expect(figures[name]?.median, name).toBeGreaterThan(0);
    }
  }
});
