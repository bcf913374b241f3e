import { expect, it } from 'vitest';
import { durationMs } from '../../src/core/duration.ts';
import { text, yaml } from './repository.ts';

const HOURS_OF_30_DAYS = 720;
const BUDGET = 0.001;

/** Rows of the burn rates: `| alert | burn rate | bad above | long and short | arithmetic | empty after |`. */
const rows = [
  ...text('deploy/observability/objectives.md').matchAll(
    /^\| .+ \| ([\d.]+) \| ([\d.]+) % \| (\w+ \w+) and (\w+ \w+) \| ([\d.]+) × (\d+) h ÷ 720 h = (\d+) % \| (\d+) (h|days) \|$/gm,
  ),
].map(([, rate, bad, long = '', short = '', factor, hours, used, empty, unit]) => ({
  rate: Number(rate),
  bad: Number(bad),
  long: window(long),
  short: window(short),
  factor: Number(factor),
  hours: Number(hours),
  used: Number(used),
  emptyHours: Number(empty) * (unit === 'h' ? 1 : 24),
}));

/** `30 min` as rules write it. */
function window(words: string): string {
  return words.replace(' ', '').replace('min', 'm');
}

const burning = (
  yaml('deploy/observability/rules/payment-notifier.yaml') as {
    groups: { rules: { alert?: string; expr: string }[] }[];
  }
).groups
  .flatMap(({ rules }) => rules)
  .filter(({ alert = '' }) => alert.startsWith('PaymentNotifierErrorBudgetBurn'))
  .map(({ expr }) => expr)
  .join();

it('has a row for each burn rate that is alerted on', () => {
  const pairs = [...burning.matchAll(/ratio_rate(\w+) > (?:([\d.]+) \* )?0\.001 and \S+ratio_rate(\w+) > /g)];
  const alerted = pairs.map(([, long, rate = '1', short]) => [Number(rate), long, short]);
  expect(alerted).toHaveLength(4);
  expect(rows.map(({ rate, long, short }) => [rate, long, short])).toEqual(alerted);
});

it.each(rows)(
  'reckons right for a burn rate of $rate',
  ({ rate, bad, long, short, factor, hours, used, emptyHours }) => {
    expect(bad / 100).toBeCloseTo(rate * BUDGET, 9);
    expect(factor).toBe(rate);
    expect(hours * 3_600_000).toBe(durationMs(long));
    expect((durationMs(long) ?? 0) / (durationMs(short) ?? 1)).toBe(12);
    expect((rate * hours * 100) / HOURS_OF_30_DAYS).toBeCloseTo(used, 9);
    expect(emptyHours).toBeCloseTo(HOURS_OF_30_DAYS / rate, 9);
  },
);
