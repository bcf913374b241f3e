import type { AttemptFact } from '../pipeline/facts.ts';
import type { Instruments } from './instruments.ts';
import { outcomeCode, outcomeLabel } from './labels.ts';

/**
 * Counts attempts. It is the hottest path: finding a series by its labels costs more than counting, so each is looked up
 * once, but for attempts that become exemplars.
 *
 * @param exemplars whether an attempt for a record of a trace that is recorded becomes the exemplar of its bucket
 */
export function attemptCounter(metric: Instruments, exemplars: boolean): (fact: AttemptFact) => void {
  const attempts = new Map<string, { inc(): void }>();
  const durations = new Map<string, { observe(seconds: number): void }>();
  const signatures = new Map<string, { inc(): void }>();
  return ({ record: { trace }, tier, outcome, exchange, durationMs }) => {
    const label = outcomeLabel(outcome);
    const code = outcomeCode(outcome);
    once(attempts, `${tier} ${label} ${code}`, () =>
      metric.attempts.labels({ tier, outcome: label, result_code: code }),
    ).inc();
    const seconds = durationMs / 1_000;
    if (exemplars && trace?.sampled === true) {
      const exemplarLabels: object = { trace_id: trace.traceId };
      metric.attemptDuration.observe({ labels: { outcome: label }, value: seconds, exemplarLabels });
    } else {
      once(durations, label, () => metric.attemptDuration.labels({ outcome: label })).observe(seconds);
    }
    if (outcome.kind === 'no_result') metric.noResult.inc({ reason: outcome.reason });
    if (exchange.kind === 'no_response') return;
    const { verification: result } = exchange;
    once(signatures, result, () => metric.responseSignature.labels({ result })).inc();
  };
}

function once<T>(known: Map<string, T>, key: string, make: () => T): T {
  const made = known.get(key) ?? make();
  known.set(key, made);
  return made;
}
