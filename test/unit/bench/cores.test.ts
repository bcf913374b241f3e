import { expect, test } from 'vitest';
import { listed, shareOut } from '../../bench/measure/cores.ts';

test.each([
  ['0', [0]],
  ['0-3', [0, 1, 2, 3]],
  ['0-1,4,6-7', [0, 1, 4, 6, 7]],
])('%s is a list of processors', (text, processors) => {
  expect(listed(text)).toEqual(processors);
});

test.each([
  ['two members share the only one that is left', [0, 1], 2, { measured: [1, 1], others: [0] }],
  ['each member has its own where there are enough', [0, 1, 2, 3], 2, { measured: [2, 3], others: [0, 1] }],
  ['they share what there is, evenly', [0, 1, 2], 4, { measured: [1, 2, 1, 2], others: [0] }],
])('%s', (_, all, members, cores) => {
  expect(shareOut(all, members)).toEqual(cores);
});
