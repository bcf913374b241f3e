import { expect, test } from 'vitest';
import { Closers } from '../../../src/service/closers.ts';

function closers(...failing: string[]) {
  const closed: string[] = [];
  const told: [string, unknown][] = [];
  const stack = new Closers((name, error) => told.push([name, error]));
  for (const name of ['server', 'producer', 'consumer']) {
    stack.add(name, async () => {
      await Promise.resolve();
      if (failing.includes(name)) throw new Error(`${name} is stuck`);
      closed.push(name);
    });
  }
  return { stack, closed, told };
}

test('what was opened last is closed first, one after the other, and once', async () => {
  const { stack, closed, told } = closers();
  await stack.close();
  await stack.close();
  expect(closed).toEqual(['consumer', 'producer', 'server']);
  expect(told).toEqual([]);
});

test('one that cannot be closed keeps no other from it, and is told', async () => {
  const { stack, closed, told } = closers('consumer', 'producer');
  await stack.close();
  expect(closed).toEqual(['server']);
  expect(told).toEqual([
    ['consumer', new Error('consumer is stuck')],
    ['producer', new Error('producer is stuck')],
  ]);
});

test('one that throws at once is no exception', async () => {
  const { stack, closed, told } = closers();
  stack.add('timer', () => {
    throw new RangeError('no such timer');
  });
  await stack.close();
  expect(closed).toEqual(['consumer', 'producer', 'server']);
  expect(told).toEqual([['timer', new RangeError('no such timer')]]);
});
