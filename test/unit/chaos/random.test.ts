import { expect, test } from 'vitest';
import { deck, Random } from '../../chaos/random.ts';

const drawn = (seed: number, stream?: string): number[] => {
  const random = new Random(seed, stream);
  return Array.from({ length: 50 }, () => random.next());
};

test('the same seed draws the same, another seed or another stream does not', () => {
  expect(drawn(7, 'load')).toEqual(drawn(7, 'load'));
  expect(drawn(7, 'load')).not.toEqual(drawn(8, 'load'));
  expect(drawn(7, 'load')).not.toEqual(drawn(7, 'members'));
});

test('draws spread over the whole range, ends included', () => {
  const random = new Random(7);
  const numbers = Array.from({ length: 2_000 }, () => random.between(3, 6));
  for (const number of [3, 4, 5, 6]) expect(numbers.filter((one) => one === number).length).toBeGreaterThan(400);
  expect(new Set(numbers).size).toBe(4);
});

test('a deck gives each card as often as its weight says, and then again', () => {
  const cards = deck({ kill: 2, roll: 3, join: 0 }, new Random(7));
  const rounds = [1, 2, 3].map(() => Array.from({ length: 5 }, () => cards.next().value));
  for (const round of rounds) expect(round.toSorted()).toEqual(['kill', 'kill', 'roll', 'roll', 'roll']);
  expect(new Set(rounds.map(String)).size).toBeGreaterThan(1);
});

test('there is no deck without cards', () => {
  expect(() => deck({ kill: 0 }, new Random(7)).next()).toThrow('nothing to draw');
});
