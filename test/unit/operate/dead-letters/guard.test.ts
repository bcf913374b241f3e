import { describe, expect, test } from 'vitest';
import type { GroupNote } from '../../../../src/kafka/kafkajs/group-note.ts';
import { guarded, Refused } from '../../../../src/operate/dead-letters/guard.ts';
import { deferred, pass, useVirtualTime } from '../../../support/fixtures.ts';

useVirtualTime();

function note(text = ''): GroupNote & { text: string } {
  const kept: GroupNote & { text: string } = {
    text,
    read: () => Promise.resolve(kept.text),
    write: (written) => {
      kept.text = written;
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
  return kept;
}

const one = { by: 'one@host', run: 'redrive 1' };
const two = { by: 'two@host', run: 'redrive 2' };

describe('of two runs for one group', () => {
  test('the second is refused by the name of the first, however long that takes', async () => {
    const kept = note();
    const work = deferred<string>();
    const first = guarded(kept, one, Date.now, () => work.promise);
    await pass(60_000);
    await expect(guarded(kept, two, Date.now, () => Promise.resolve('done'))).rejects.toThrow(
      /another run is under way: redrive 1, started by one@host/,
    );
    work.resolve('done');
    await pass(0);
    expect(await first).toBe('done');
    expect(await guarded(kept, two, Date.now, () => Promise.resolve('done'))).toBe('done');
  });

  test('the second begins at most 45 s after the first was killed', async () => {
    const kept = note();
    void guarded(kept, one, Date.now, () => deferred<string>().promise);
    await pass(10_000);
    const killed = note(kept.text);
    await expect(guarded(killed, two, Date.now, () => Promise.resolve())).rejects.toThrow(Refused);
    await pass(45_000);
    expect(await guarded(killed, two, Date.now, () => Promise.resolve('done'))).toBe('done');
  });

  test('the one whose place was taken is told', async () => {
    const kept = note();
    const lost = deferred<Error>();
    const work = deferred<undefined>();
    const first = guarded(kept, one, Date.now, (signal) => {
      signal.addEventListener('abort', () => lost.resolve(signal.reason as Error));
      return work.promise;
    });
    await pass(0);
    kept.text = JSON.stringify({ ...two, until: Date.now() + 15_000 });
    await pass(3_000);
    expect((await lost.promise).message).toContain('redrive 2, started by two@host');
    work.resolve(undefined);
    await pass(0);
    await first;
    // It takes nothing away from the other one.
    expect(kept.text).toContain('redrive 2');
  });
});

test('a note that is none of ours stops nobody', async () => {
  const kept = note();
  kept.text = '{"something":"else"}';
  expect(await guarded(kept, one, Date.now, () => Promise.resolve('done'))).toBe('done');
  expect(kept.text).toBe('');
});

test('brokers that do not answer for a moment end no run', async () => {
  const kept = note();
  const work = deferred<string>();
  const first = guarded(kept, one, Date.now, () => work.promise);
  await pass(0);
  kept.read = () => Promise.reject(new Error('not now'));
  await pass(6_000);
  kept.read = () => Promise.resolve(kept.text);
  await pass(3_000);
  expect(JSON.parse(kept.text)).toMatchObject({ run: 'redrive 1', until: Date.now() + 15_000 });
  work.resolve('done');
  await pass(0);
  expect(await first).toBe('done');
});
