import { expect, test } from 'vitest';
import { judgeRedrive, type RedriveSeen } from '../../bench/toolbox/judge-redrive.ts';

/** Two events of one key and one of another, each sent once and in order. */
const GOOD: RedriveSeen = {
  events: [
    { key: 'A', paymentId: 'P-1', origin: 't:0:0' },
    { key: 'A', paymentId: 'P-2', origin: 't:0:1' },
    { key: 'B', paymentId: 'P-3', origin: 't:0:2' },
  ],
  delivered: ['P-3', 'P-1', 'P-2'],
  copies: ['t:0:0', 't:0:1', 't:0:2'],
  closes: ['0:0', '0:1', '0:2'],
};

test('what was sent once and in the order of its key is judged well', () => {
  expect(judgeRedrive(GOOD)).toEqual({ never: [], repeated: [], keys: 2, disordered: [] });
});

test.each([
  ['a delivery that is missing', { delivered: ['P-3', 'P-1'] }, { never: ['P-2'] }],
  ['a delivery too many', { delivered: [...GOOD.delivered, 'P-1'] }, { repeated: ['P-1'] }],
  ['a copy that is missing', { copies: GOOD.copies.slice(1) }, { never: ['P-1'] }],
  ['a copy too many', { copies: [...GOOD.copies, 't:0:1'] }, { repeated: ['P-2'] }],
  ['a letter closed twice', { closes: [...GOOD.closes, '0:2'] }, { repeated: ['letter 0:2'] }],
  ['a letter left open', { closes: GOOD.closes.slice(1) }, { never: ['1 letters that are not closed'] }],
  ['a key out of order', { delivered: ['P-2', 'P-1', 'P-3'] }, { disordered: ['A'] }],
])('%s is found', (_, seen, found) => {
  expect(judgeRedrive({ ...GOOD, ...seen })).toMatchObject(found);
});
