import type { Fault, FaultKind } from './evidence.ts';

/** What was done to the system, with its times. */
export class FaultLog {
  readonly #faults: { kind: FaultKind; from: number; to: number; whom?: string }[] = [];

  /** Something begins now; the function returned says that it is over. */
  open(kind: FaultKind, whom?: string): () => void {
    const fault = { kind, from: Date.now(), to: Infinity, ...(whom === undefined ? {} : { whom }) };
    this.#faults.push(fault);
    return () => (fault.to = Date.now());
  }

  /** Something that was over at once, or is known only now. */
  note(kind: FaultKind, from: number, to: number, whom?: string): void {
    this.#faults.push({ kind, from, to, ...(whom === undefined ? {} : { whom }) });
  }

  /** Everything so far; what is still going on has no end. */
  all(): Fault[] {
    return this.#faults.map((fault) => ({ ...fault }));
  }

  count(...kinds: FaultKind[]): number {
    return this.#faults.filter(({ kind }) => kinds.includes(kind)).length;
  }
}
