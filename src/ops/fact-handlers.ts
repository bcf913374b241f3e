import type { Fact } from '../pipeline/facts.ts';
import type { Observe } from '../pipeline/ports.ts';

/** What to do with each kind of fact; none can be forgotten. */
export type FactHandlers = { readonly [K in Fact['kind']]: (fact: Extract<Fact, { kind: K }>) => void };

/** Hands each fact to the handler of its kind. */
export function handling(handlers: FactHandlers): Observe {
  return (fact) => (handlers[fact.kind] as (fact: Fact) => void)(fact);
}
