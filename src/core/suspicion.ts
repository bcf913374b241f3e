/**
 * Whether a refusal that should concern everyone concerns one payment alone. One refusal cannot tell; who is refused
 * again and again while others are answered can.
 *
 * Whoever was refused carries this from try to try. Requests are numbered as they leave, from 1.
 */
export interface Suspicion {
  /** The last request that had left when the payment was last refused. */
  readonly refusedAfter: number;
  /** Refusals before which, since the one before them, another payment had been answered. */
  readonly refusedAlone: number;
}

/** Whom a refusal concerns, as far as can be told. */
export type Concerns = 'everyone' | 'perhaps_one' | 'one';

/**
 * So many refusals, each with another payment answered since the one before, make a dead letter. One would do if the
 * gateway were one machine; but where its nodes disagree, or a fault comes and goes, a good event is refused while others
 * are answered, and a dead letter takes a human to undo.
 */
export const REFUSALS_ALONE = 3;

/** What is known while requests come and go. */
export interface Traffic {
  /** The last request that left. */
  readonly left: number;
  /** The latest of those that were answered trustworthily, and not with a refusal of this kind. */
  readonly answered: number;
  /** While held nobody is judged: the fault may be everyone's. */
  readonly held: boolean;
}

/** Judges a payment that has been refused now, by what is known from its refusals before. */
export function judgeRefusal(
  before: Suspicion | undefined,
  { left, answered, held }: Traffic,
): { readonly concerns: Concerns; readonly suspicion: Suspicion } {
  const refusedAlone = before?.refusedAlone ?? 0;
  if (held || before === undefined || answered <= before.refusedAfter) {
    return { concerns: 'everyone', suspicion: { refusedAfter: left, refusedAlone } };
  }
  const suspicion = { refusedAfter: left, refusedAlone: refusedAlone + 1 };
  return { concerns: suspicion.refusedAlone < REFUSALS_ALONE ? 'perhaps_one' : 'one', suspicion };
}
