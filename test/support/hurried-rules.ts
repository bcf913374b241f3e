import { parse, stringify } from 'yaml';
import { durationMs } from '../../src/core/duration.ts';

const WINDOWS_SHORTER = 60;
const AGES_SHORTER = 15;
const SHORTEST_MS = 2_000;

/**
 * The rules, in a sixtieth of the time: windows, offsets and `for` are divided by 60, and not below 2 s; ages that are
 * compared with are divided by 15, since the service looks at its partitions every 5 s only.
 */
export function hurried(rules: string): string {
  const shorter = (duration: string): string =>
    `${String(Math.max(SHORTEST_MS, (durationMs(duration) ?? 0) / WINDOWS_SHORTER))}ms`;
  const expression = (expr: string): string =>
    expr
      .replace(/(\[|offset )(\d+[smhd])/g, (_, before: string, duration: string) => before + shorter(duration))
      .replace(/> (120|300)\b/g, (_, seconds: string) => `> ${String(Number(seconds) / AGES_SHORTER)}`)
      .replace(/\/ 600\b/g, `/ ${String(600 / WINDOWS_SHORTER)}`);
  const { groups } = parse(rules) as { groups: { rules: { expr: string; for?: string }[] }[] };
  return stringify({
    groups: groups.map((group) => ({
      ...group,
      interval: '1s',
      rules: group.rules.map((rule) => ({
        ...rule,
        expr: expression(rule.expr),
        ...(rule.for !== undefined && { for: shorter(rule.for) }),
      })),
    })),
  });
}
