import { expect, test } from 'vitest';
import { Chains } from '../../../../src/kafka/lanes/chains.ts';
import { keyed } from '../../../support/scripted-lane.ts';

const add = (chains: Chains, ...names: string[]): void =>
  names.forEach((name, offset) => chains.add(name, keyed(name, offset)));

test('of all that is free the earliest comes first, also when it became free last', () => {
  const chains = new Chains();
  add(chains, 'a', 'a', 'b', 'c', 'a', 'd');
  const started = [chains.start(), chains.start()];
  expect(started.map((chain) => chain?.records[0].offset)).toEqual([0, 2]);
  expect([chains.next?.offset, chains.waiting, chains.inFlight]).toEqual([3, 4, 2]);
  if (started[0] !== undefined) chains.end(started[0]);
  expect([chains.next?.offset, chains.oldest?.offset, chains.inFlight]).toEqual([1, 1, 1]);
  expect([chains.start(), chains.start(), chains.start()].map((chain) => chain?.records[0].offset)).toEqual([1, 3, 5]);
  expect([chains.next, chains.start(), chains.oldest?.offset]).toEqual([undefined, undefined, 1]);
});

test('a chain that has ended begins anew', () => {
  const chains = new Chains();
  add(chains, 'a');
  const chain = chains.start();
  if (chain !== undefined) chains.end(chain);
  expect([chains.waiting, chains.inFlight, chains.oldest]).toEqual([0, 0, undefined]);
  chains.add('a', keyed('a', 7));
  expect(chains.next?.offset).toBe(7);
});

test('a chain that becomes free again takes the place of its next record among those that are free', () => {
  const chains = new Chains();
  add(chains, 'a', 'b', 'c', 'a', 'd');
  const first = chains.start();
  if (first !== undefined) chains.end(first);
  const started = [chains.start(), chains.start(), chains.start(), chains.start()];
  expect(started.map((chain) => chain?.records[0].offset)).toEqual([1, 2, 3, 4]);
});

test('a chain that becomes free again behind all others comes last', () => {
  const chains = new Chains();
  add(chains, 'a', 'b', 'c', 'a');
  const first = chains.start();
  if (first !== undefined) chains.end(first);
  expect([chains.start(), chains.start(), chains.start()].map((chain) => chain?.records[0].offset)).toEqual([1, 2, 3]);
});
