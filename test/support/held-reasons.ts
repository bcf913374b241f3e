import { expect } from 'vitest';
import type { ServiceProcess } from './service-process.ts';

/** The reasons for which sending is held, as its metrics tell. */
export async function held(service: ServiceProcess): Promise<Record<string, number>> {
  const { body } = await service.get('/metrics');
  const series = [...body.matchAll(/^notifier_hold\{reason="(\w+)"\} (\d+)$/gm)].map(
    ([, reason = '', value]): [string, number] => [reason, Number(value)],
  );
  expect(series.length).toBeGreaterThan(1);
  return Object.fromEntries(series.filter(([, value]) => value !== 0));
}
