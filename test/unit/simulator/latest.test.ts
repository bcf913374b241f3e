import { expect, test } from 'vitest';
import { latest } from '../../../src/simulator/latest.ts';
import { until } from '../../support/until.ts';

test('gives at once what was answered last, and asks one question at a time', async () => {
  const questions: { resolve: (answer: number) => void; reject: (error: Error) => void }[] = [];
  const ask = (): Promise<number> => new Promise((resolve, reject) => questions.push({ resolve, reject }));
  const answer = latest(ask, 0);
  expect([answer(), answer(), answer()]).toEqual([undefined, undefined, undefined]);
  expect(questions).toHaveLength(1);
  questions[0]!.resolve(1);
  await until('the answer', () => answer() === 1);
  await until('the next question', () => (answer(), questions.length === 2));
  questions[1]!.reject(new Error('nobody is there'));
  await until('a third question', () => (answer(), questions.length === 3));
  expect(answer()).toBe(1);
});

test('asks no sooner than it may', async () => {
  let asked = 0;
  const answer = latest(() => Promise.resolve((asked += 1)), 3_600_000);
  await until('the answer', () => answer() === 1);
  for (let at = 0; at < 100; at += 1) answer();
  expect(asked).toBe(1);
});
