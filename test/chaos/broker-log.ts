/** What a broker's log tells of a group. */
export interface GroupNews {
  /** The highest generation it has seen: one more with every rebalance. */
  readonly generation: number;
  /** Members removed because they were silent for longer than their session, or missed a rebalance; epoch ms. */
  readonly evictions: readonly { readonly at: number; readonly memberId: string }[];
}

const CLOCK = /^(\d\d):(\d\d):(\d\d)\.(\d{3}) /;
const DAY_MS = 86_400_000;

/**
 * Reads a broker's log.
 *
 * @param since when the log began, epoch milliseconds: its lines tell the time of day only
 */
export function groupNews(log: string, group: string, since: number): GroupNews {
  let generation = 0;
  const evictions: { at: number; memberId: string }[] = [];
  for (const line of log.split('\n')) {
    if (!line.includes(group)) continue;
    const [, stabilized] = /Stabilized group \S+ generation (\d+)/.exec(line) ?? [];
    if (stabilized !== undefined) generation = Math.max(generation, Number(stabilized));
    const [, memberId] = /[Mm]ember (\S+) .*?(?:has failed|heartbeat expiration|failed to join)/.exec(line) ?? [];
    const at = instant(line, since);
    if (memberId !== undefined && at !== undefined) evictions.push({ at, memberId });
  }
  return { generation, evictions };
}

function instant(line: string, since: number): number | undefined {
  const [, hours, minutes, seconds, ms] = CLOCK.exec(line) ?? [];
  if (hours === undefined) return undefined;
  const at = new Date(since).setHours(Number(hours), Number(minutes), Number(seconds), Number(ms));
  return at < since - DAY_MS / 2 ? at + DAY_MS : at;
}
