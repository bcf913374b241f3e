import type { BatchHead } from './batch.ts';
import { ERROR } from './error-codes.ts';

/** A batch that a producer has written, as the partition remembers it. */
interface Remembered {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: number;
  /** Of its newest record. */
  readonly timestamp: number;
}

interface State {
  epoch: number;
  batches: Remembered[];
}

/** As many as a producer may have on the way. */
const REMEMBERED = 5;
const LAST_SEQUENCE = 2 ** 31 - 1;

/** What may be appended for a producer. `known` stands in the log already: it was sent again. */
export type Verdict = { readonly kind: 'new' } | { readonly kind: 'known'; readonly batch: Remembered } | Refused;

interface Refused {
  readonly kind: 'refused';
  readonly code: number;
}

/** Which producers have written to a partition, and how far they are: each of their batches stands there once. */
export class Producers {
  readonly #states = new Map<number, State>();

  /** Whether a batch with a producer's id comes in its turn. */
  check(head: BatchHead): Verdict {
    const state = this.#states.get(head.producerId);
    if (state === undefined) return { kind: 'new' };
    if (head.producerEpoch < state.epoch) return { kind: 'refused', code: ERROR.INVALID_PRODUCER_EPOCH };
    if (head.isControl) return { kind: 'new' };
    if (head.producerEpoch > state.epoch) {
      return head.baseSequence === 0 ? { kind: 'new' } : { kind: 'refused', code: ERROR.OUT_OF_ORDER_SEQUENCE_NUMBER };
    }
    const lastSequence = sequenceAfter(head.baseSequence, head.lastOffsetDelta);
    const known = state.batches.find(
      (batch) => batch.firstSequence === head.baseSequence && batch.lastSequence === lastSequence,
    );
    if (known !== undefined) return { kind: 'known', batch: known };
    const last = state.batches.at(-1)?.lastSequence ?? -1;
    const isNext = head.baseSequence === last + 1 || (head.baseSequence === 0 && last === LAST_SEQUENCE);
    return isNext ? { kind: 'new' } : { kind: 'refused', code: ERROR.OUT_OF_ORDER_SEQUENCE_NUMBER };
  }

  /** Remembers a batch that was appended. */
  appended(head: BatchHead, baseOffset: number): void {
    let state = this.#states.get(head.producerId);
    if (state === undefined || state.epoch !== head.producerEpoch) {
      state = { epoch: head.producerEpoch, batches: [] };
      this.#states.set(head.producerId, state);
    }
    if (head.isControl) return;
    const lastSequence = sequenceAfter(head.baseSequence, head.lastOffsetDelta);
    state.batches.push({ firstSequence: head.baseSequence, lastSequence, baseOffset, timestamp: head.maxTimestamp });
    if (state.batches.length > REMEMBERED) state.batches.shift();
  }

  clear(): void {
    this.#states.clear();
  }
}

function sequenceAfter(first: number, steps: number): number {
  return (first + steps) % (LAST_SEQUENCE + 1);
}
