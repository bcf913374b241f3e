import { InvalidArgumentError } from 'commander';
import { expect, test } from 'vitest';
import { estimated } from '../../../../src/cli/common/estimate.ts';
import { instant } from '../../../../src/cli/common/instant.ts';
import { place } from '../../../../src/cli/common/place.ts';
import { Terminal } from '../../../../src/cli/common/terminal.ts';
import { Kept } from '../../../support/scripted-host.ts';

test.each([
  ['2026-11-22', Date.UTC(2026, 10, 22)],
  ['2026-11-22T10:00Z', Date.UTC(2026, 10, 22, 10)],
  ['2026-11-22T10:00:00.5+02:00', Date.UTC(2026, 10, 22, 8, 0, 0, 500)],
])('%s is a time', (text, time) => {
  expect(instant(text)).toBe(time);
});

test.each(['yesterday', '2026-11-22T10:00:00', '2026-13-01', '1763805600000'])('%s is no time', (text) => {
  expect(() => instant(text)).toThrow(InvalidArgumentError);
});

test('a record is named by topic, partition and offset', () => {
  expect(place('payment-final.retry.5s:3:12')).toEqual({ topic: 'payment-final.retry.5s', partition: 3, offset: 12 });
  for (const text of ['payment-final', 'payment-final:3', 'payment-final:x:1', 'a b:1:1'])
    expect(() => place(text)).toThrow(InvalidArgumentError);
});

test('progress says how much is done and how long the rest takes', () => {
  const err = new Kept(true);
  let now = 0;
  const show = estimated(new Terminal(err, {}), 'reading', () => now);
  now = 2_000;
  show(50, 200);
  expect(err.text).toBe('reading: 25 %, about 6 s left');
});
