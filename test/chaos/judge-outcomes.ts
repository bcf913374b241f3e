import type { Evidence } from './evidence.ts';
import { describe, isDelivery, type History } from './history.ts';
import type { Violation } from './violations.ts';

/** Whether auditors were told of each final verdict, and of no other. Judged once all is settled. */
export function judgeOutcomes(all: readonly History[], { settled }: Evidence): Violation[] {
  return settled ? all.flatMap(judgeOne) : [];
}

/** A record that was sent again, or whose letter stands twice, has had its verdict again: so often it may be told. */
function judgeOne(history: History): Violation[] {
  const { requests, letters, told } = history;
  const deliveries = requests.filter(isDelivery).length;
  // The client writes an outcome again, byte for byte, where it does not know whether it is written.
  const outcomes = new Set(told.map(({ verdict, settledAt }) => `${verdict} ${settledAt}`));
  const isTold = (verdict: string): boolean => told.some((outcome) => outcome.verdict === verdict);
  const untold = (deliveries > 0 && !isTold('delivered')) || (letters.length > 0 && !isTold('dead_lettered'));
  const overtold = outcomes.size > deliveries + letters.length;
  if (!untold && !overtold) return [];
  const verdicts = `${deliveries} deliveries, ${letters.length} letters, ${outcomes.size} outcomes`;
  return [{ kind: untold ? 'untold' : 'overtold', detail: `${describe(history)}: ${verdicts}` }];
}
