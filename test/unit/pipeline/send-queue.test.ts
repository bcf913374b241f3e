import { expect, test } from 'vitest';
import { SendQueue } from '../../../src/pipeline/send-queue.ts';

test('where nobody waits it is nobody’s turn', () => {
  const turns = new SendQueue<string>();
  turns.add('a', 'live');
  turns.remove('a');
  expect([turns.size, turns.take(false), turns.take(true)]).toEqual([0, undefined, undefined]);
});
