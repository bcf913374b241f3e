import { expect, test } from 'vitest';
import { WAIT_REASONS, Waits } from '../../../src/pipeline/waits.ts';

const FIRST = { topic: 'pf', partition: 0 };
const SECOND = { topic: 'pf', partition: 1 };
const RETRY = { topic: 'pf.retry.5s', partition: 0 };

function waiting() {
  const clock = { now: 1_000 };
  return { clock, waits: new Waits(() => clock.now) };
}

test('a wait is known from its beginning to its end, and ends once', () => {
  const { clock, waits } = waiting();
  const end = waits.begin(FIRST, 'registry');
  clock.now = 2_000;
  expect(waits.of(FIRST)).toEqual({ reason: 'registry', since: 1_000 });
  expect(waits.of(SECOND)).toBeUndefined();
  end();
  end();
  expect(waits.of(FIRST)).toBeUndefined();
});

test('of several waits the one that began first is told, and the others stay', () => {
  const { clock, waits } = waiting();
  const endRegistry = waits.begin(FIRST, 'registry');
  clock.now = 2_000;
  const endProduce = waits.begin(FIRST, 'produce');
  expect(waits.of(FIRST)?.reason).toBe('registry');
  endRegistry();
  expect(waits.of(FIRST)).toEqual({ reason: 'produce', since: 2_000 });
  const again = waits.begin(FIRST, 'registry');
  endProduce();
  expect(waits.of(FIRST)?.reason).toBe('registry');
  again();
  expect(waits.of(FIRST)).toBeUndefined();
});

test('to end a wait again ends no later one', () => {
  const { waits } = waiting();
  const end = waits.begin(FIRST, 'registry');
  end();
  waits.begin(FIRST, 'produce');
  end();
  expect(waits.of(FIRST)?.reason).toBe('produce');
});

test('what has lasted longest is told, be it of the partition alone or of its topic', () => {
  const { clock, waits } = waiting();
  const end = waits.begin(FIRST, 'registry');
  clock.now = 2_000;
  waits.begin({ topic: 'pf' }, 'topic_missing');
  clock.now = 3_000;
  waits.begin(FIRST, 'produce');
  expect(waits.of(FIRST)?.reason).toBe('registry');
  end();
  expect(waits.of(FIRST)?.reason).toBe('topic_missing');
});

test('a topic that is gone concerns each of its partitions', () => {
  const { waits } = waiting();
  const end = waits.begin({ topic: 'pf' }, 'topic_missing');
  waits.begin(RETRY, 'produce');
  const none = Object.fromEntries(WAIT_REASONS.map((reason) => [reason, 0]));
  expect(waits.count([FIRST, SECOND, RETRY])).toEqual({ ...none, topic_missing: 2, produce: 1 });
  expect(waits.count([FIRST])).toEqual({ ...none, topic_missing: 1 });
  end();
  expect(waits.count([FIRST, SECOND])).toEqual(none);
});
