import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createLog } from '../../../src/ops/log.ts';
import { flushed, logDestination, neverWait } from '../../../src/ops/log-destination.ts';
import { until } from '../../support/until.ts';

/** A stream whose reader takes what `take` is called for, and an account of what was dropped. */
function setUp() {
  const taken: string[] = [];
  const waiting: (() => void)[] = [];
  const counted = { dropped: 0 };
  const stream = new Writable({
    decodeStrings: false,
    write: (line: string, _encoding, done) => {
      waiting.push(() => {
        if (line !== '') taken.push(line);
        done();
      });
    },
  });
  const destination = logDestination(() => (counted.dropped += 1), stream);
  const takeAll = async (): Promise<void> => {
    for (let take = waiting.shift(); take !== undefined; take = waiting.shift()) {
      take();
      await new Promise(setImmediate);
    }
  };
  return { destination, stream, taken, counted, takeAll };
}

const KIB = 'x'.repeat(1_023) + '\n';

test('of what nobody takes a mebibyte waits; what is past it is dropped and counted', async () => {
  const { destination, stream, taken, counted, takeAll } = setUp();
  for (let line = 0; line < 1_500; line += 1) destination.write(KIB);
  expect(stream.writableLength).toBe(1_024 * 1_024);
  expect(counted.dropped).toBe(1_500 - 1_024);
  destination.flush();
  await takeAll();
  expect(taken).toHaveLength(1_024);
  destination.write('again\n');
  destination.flush();
  await takeAll();
  expect([taken.at(-1), counted.dropped]).toEqual(['again\n', 1_500 - 1_024]);
});

describe('lines of a moment', () => {
  /** A stream that takes all it is given at once, and an account of how often that was. */
  const taking = () => {
    const writes: string[] = [];
    const take = (chunks: readonly unknown[]) => writes.push(chunks.map(String).join(''));
    const stream = new Writable({
      decodeStrings: false,
      write: (line: string, _encoding, done) => {
        take([line]);
        done();
      },
      writev: (lines, done) => {
        take(lines.map(({ chunk }) => chunk as unknown));
        done();
      },
    });
    return { writes, destination: logDestination(() => undefined, stream) };
  };

  test('are written together, 10 ms after the first of them', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { writes, destination } = taking();
    for (const line of ['one\n', 'two\n']) destination.write(line);
    await vi.advanceTimersByTimeAsync(9);
    destination.write('three\n');
    expect(writes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(writes).toEqual(['one\ntwo\nthree\n']);
    destination.write('four\n');
    await vi.advanceTimersByTimeAsync(10);
    expect(writes).toEqual(['one\ntwo\nthree\n', 'four\n']);
  });

  test('wait for nothing where one of them is of anything but an attempt', () => {
    const { writes, destination } = taking();
    const log = createLog({ level: 'info', stream: destination });
    const events = () => writes.map((write) => write.match(/"event":"\w+"/g)?.length);
    log.tell('attempt', 'info', undefined, {});
    expect(writes).toEqual([]);
    log.tell('left', 'info', 'left', {});
    expect(events()).toEqual([2]);
    log.tell('outcome_unwritten', 'error', 'untold', {});
    expect(events()).toEqual([2, 1]);
  });
});

const PROGRAM = `
const { flushed, logDestination, STANDARD_STREAMS } = await import('./src/ops/log-destination.ts');
let dropped = 0;
const destination = logDestination(() => (dropped += 1));
process.stdin.once('data', async () => {
  for (let line = 0; line < 3; line += 1) {
    destination.write('nobody reads this\\n');
    destination.flush();
    await new Promise(setImmediate);
  }
  await flushed(STANDARD_STREAMS, 60_000);
  process.stderr.write('dropped ' + dropped);
  process.exit();
});
process.stderr.write('ready');`;

test('a reader who has gone disturbs nobody, and each line is counted', async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', PROGRAM]);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stderr, 'data');
  child.stdout.destroy();
  await once(child.stdout, 'close');
  child.stdin.write('go');
  const [said] = (await once(child.stderr, 'data')) as [Buffer];
  expect(said.toString()).toBe('dropped 3');
});

test('at the end what waits is waited for until it is taken', async () => {
  const { destination, stream, taken, takeAll } = setUp();
  destination.write('last\n');
  const end = flushed([stream], 60_000);
  await until('the last line to leave', async () => {
    await takeAll();
    return taken.length > 0;
  });
  await end;
  expect(taken).toEqual(['last\n']);
});

test('and no longer than it may take: a reader that stalls delays no end', async () => {
  const { destination, stream, taken } = setUp();
  destination.write('never\n');
  await flushed([stream], 20);
  expect(taken).toEqual([]);
});

test('a terminal is told not to be waited for', () => {
  const told: boolean[] = [];
  const terminal = Object.assign(new Writable(), {
    isTTY: true,
    _handle: { setBlocking: (blocking: boolean) => told.push(blocking) },
  });
  neverWait(terminal);
  neverWait(Object.assign(new Writable(), { isTTY: true, _handle: null }));
  expect(told).toEqual([false]);
});
