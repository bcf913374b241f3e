import type { Outcome } from '../../src/core/outcome.ts';
import type { NextStep } from '../../src/core/sending.ts';
import type { Suspicion } from '../../src/core/suspicion.ts';
import type { Fact } from '../../src/pipeline/facts.ts';
import { Gate, type GateSettings } from '../../src/pipeline/gate.ts';
import { Abandoned, type Priority, type Pass } from '../../src/pipeline/ports.ts';

export const DELIVERED: Outcome = { kind: 'delivered', code: 'SUCCESS' };
export const SYSTEMIC: Outcome = { kind: 'systemic', code: 'KEY_NOT_FOUND' };
export const NO_RESULT: Outcome = { kind: 'no_result', reason: 'timeout' };

/** A gate and the lanes that queue at it, by name. */
export function gateWith(settings: Partial<GateSettings> = {}) {
  const facts: Fact[] = [];
  const gate = new Gate({ maxInFlight: 64, maxRate: 0, outageHoldAfter: 0, ...settings }, (fact) => facts.push(fact));
  const entered: string[] = [];
  const passes = new Map<string, Pass>();
  const given: string[] = [];
  const suspicions = new Map<string, Suspicion | undefined>();
  const queue = (...names: string[]): void => {
    for (const name of names) enter(name);
  };
  const enter = (name: string, from: Priority = 'live'): AbortController => {
    const closing = new AbortController();
    gate.enter(closing.signal, from).then(
      (pass) => {
        entered.push(name);
        passes.set(name, pass);
      },
      (error: unknown) => given.push(`${name} ${error instanceof Abandoned ? 'abandoned' : String(error)}`),
    );
    return closing;
  };
  /** Gives a lane's pass back; what it is suspected of it brings with it. */
  const comeBack = (name: string, outcome: Outcome | undefined): NextStep => {
    const pass = passes.get(name);
    if (pass === undefined) throw new Error(`${name} has no pass`);
    passes.delete(name);
    const suspicion = suspicions.get(name);
    const next = pass.done(outcome && { paymentId: `payment of ${name}`, outcome, suspicion });
    suspicions.set(name, next.kind === 'send_again' ? next.suspicion : undefined);
    return next;
  };
  const done = (name: string, outcome: Outcome | undefined): NextStep['kind'] => comeBack(name, outcome).kind;
  const keyChoice = (name: string): number | undefined => passes.get(name)?.keyChoice;
  const kinds = (): string[] => facts.map(({ kind }) => kind);
  return { gate, facts, kinds, entered, given, enter, queue, done, comeBack, keyChoice };
}
