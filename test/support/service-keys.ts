import { expect } from 'vitest';
import type { ServiceProcess } from './service-process.ts';
import { until } from './until.ts';

type Result = 'ok' | 'rejected' | 'fallback';

/** Waits until a service has counted so many changes of its keys, and no more. */
export async function reloads(service: ServiceProcess, result: Result, count: number): Promise<void> {
  const series = `notifier_key_reloads_total{result="${result}"}`;
  await until(`${series} to be ${String(count)}`, async () => ((await service.metric(series)) ?? 0) >= count);
  expect(await service.metric(series)).toBe(count);
}

/** The versions at hand, and for each whether it signs. */
export async function signingKeys(service: ServiceProcess): Promise<Record<string, string>> {
  const { body } = await service.get('/metrics');
  const series = body.matchAll(/^notifier_signing_key_info\{key_version="([^"]+)",active="(\w+)"\} 1$/gm);
  return Object.fromEntries([...series].map(([, version = '', active = '']) => [version, active]));
}

/** What the log says of such changes. */
export function keyLines({ log }: ServiceProcess, result: Result): unknown[] {
  return log
    .filter((line) => line['event'] === 'key_reloaded' && line['result'] === result)
    .map(({ detail }) => detail);
}
