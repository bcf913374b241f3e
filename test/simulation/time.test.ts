import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { SimulatedProcess, WallClock } from './processes.ts';
import { SimulatedTime } from './time.ts';

const BEGINNING = Date.UTC(2026, 0, 1);

/** A simulated time with one process, which does this at first. */
function timeWith(begin: (told: string[]) => unknown) {
  const time = SimulatedTime.install(BEGINNING);
  onTestFinished(() => time.uninstall());
  const process = new SimulatedProcess('one');
  const told: string[] = [];
  time.reach(process, 0, () => void begin(told));
  const until = async (ms: number): Promise<string[]> => {
    const over = new AbortController();
    time.after(BEGINNING + ms - time.now, () => over.abort());
    while (!over.signal.aborted) await time.step();
    return told;
  };
  return { time, process, until };
}

const everySecond = (told: string[]) => setInterval(() => told.push(`${Date.now() - BEGINNING}`), 1_000);

test('an hour passes in a moment, and whoever sleeps wakes in time', async () => {
  const { until } = timeWith(async (told) => {
    await sleep(3_600_000);
    told.push(`${Date.now() - BEGINNING} ${performance.now()}`);
  });
  expect(await until(3_600_001)).toEqual(['3600000 3600000']);
});

test('nothing of a process runs after its end', async () => {
  const { process, until } = timeWith(everySecond);
  await until(2_500);
  process.end();
  expect(await until(10_000)).toEqual(['1000', '2000']);
});

test('what a frozen process has missed comes once when it goes on', async () => {
  const { time, process, until } = timeWith(everySecond);
  await until(1_500);
  process.freeze();
  await until(5_500);
  time.thaw(process);
  expect(await until(6_500)).toEqual(['1000', '5500', '6000']);
});

test('a timer that is disarmed before its process goes on never fires', async () => {
  const { time, process, until } = timeWith((told) => {
    const timers: NodeJS.Timeout[] = [];
    setTimeout(() => clearTimeout(timers[0]), 1_000);
    timers.push(setTimeout(() => told.push('late'), 1_001));
  });
  await until(500);
  process.freeze();
  await until(2_000);
  time.thaw(process);
  expect(await until(3_000)).toEqual([]);
});

test('each process reads its own clock', async () => {
  const { process, until } = timeWith(everySecond);
  process.clock = new WallClock(0, 500);
  expect(await until(1_500)).toEqual(['1500']);
});
