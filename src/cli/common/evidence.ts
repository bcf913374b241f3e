import type { Unread } from '../../inspect/unread.ts';
import type { HistoryRow } from '../../operate/trace/history-rows.ts';
import type { Rows } from './result.ts';

/** A history for people. */
export function historyTable(history: readonly HistoryRow[]): Rows {
  return {
    head: ['at', 'kind', 'record', 'attempts', 'result', 'reason', 'not before'],
    rows: history.map(({ at, kind, record, attempts, resultCode, reason, notBefore }) => [
      ...[at, kind, record, attempts ?? '', resultCode ?? '', reason ?? '', notBefore ?? ''],
    ]),
  };
}

/** Says what was not read, and so is not in what was found. */
export function unreadInWords(unread: readonly Unread[]): string[] {
  if (unread.length === 0) return [];
  return [
    '',
    'Not everything could be read; what stands there is not known:',
    ...unread.map(({ topic, partition, why }) => `  ${topic}${partition === null ? '' : `:${partition}`}: ${why}`),
  ];
}
