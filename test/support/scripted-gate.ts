import type { Outcome } from '../../src/core/outcome.ts';
import type { Fact } from '../../src/pipeline/facts.ts';
import { Gate, type GateSettings } from '../../src/pipeline/gate.ts';
import { Abandoned, type Pass } from '../../src/pipeline/ports.ts';

export const DELIVERED: Outcome = { kind: 'delivered', code: 'SUCCESS' };
export const SYSTEMIC: Outcome = { kind: 'systemic', code: 'KEY_NOT_FOUND' };
export const NO_RESULT: Outcome = { kind: 'no_result', reason: 'timeout' };

/** A gate and the lanes that queue at it, by name. */
export function gateWith(settings: Partial<GateSettings> = {}) {
  const facts: Fact[] = [];
  const gate = new Gate({ maxInFlight: 64, maxRate: 0, ...settings }, (fact) => facts.push(fact));
  const entered: string[] = [];
  const passes = new Map<string, Pass>();
  const given: string[] = [];
  const queue = (...names: string[]): void => {
    for (const name of names) enter(name);
  };
  const enter = (name: string): AbortController => {
    const closing = new AbortController();
    gate.enter(closing.signal, 'live').then(
      (pass) => {
        entered.push(name);
        passes.set(name, pass);
      },
      (error: unknown) => given.push(`${name} ${error instanceof Abandoned ? 'abandoned' : String(error)}`),
    );
    return closing;
  };
  const done = (name: string, outcome: Outcome | undefined): 'settle' | 'again' => {
    const pass = passes.get(name);
    if (pass === undefined) throw new Error(`${name} has no pass`);
    passes.delete(name);
    return pass.done(outcome, `payment of ${name}`);
  };
  const kinds = (): string[] => facts.map(({ kind }) => kind);
  return { gate, facts, kinds, entered, given, enter, queue, done };
}
