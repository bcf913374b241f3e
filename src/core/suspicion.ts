/**
 * The evidence that a refusal concerns one payment alone, although its code should concern every payment. One refusal
 * proves nothing; being refused again and again while other payments are answered does.
 *
 * Each refused payment carries its evidence from attempt to attempt. Requests are numbered from 1, in the order in which they
 * leave.
 */
export interface Suspicion {
  /** The last request that had been sent when the payment was last refused. */
  readonly refusedAfter: number;
  /** How often it was refused although another payment had been answered since its refusal before. */
  readonly refusedAlone: number;
}

/** Which payments a refusal concerns, as far as can be told. */
export type Concerns = 'everyone' | 'perhaps_one' | 'one';

/**
 * So many refusals, each with another payment answered since the one before, make a dead letter. One would be enough if
 * the gateway were a single machine. But while its nodes disagree, or a fault comes and goes, a good event can be
 * refused though others are answered, and a dead letter takes a human to undo.
 */
export const REFUSALS_ALONE = 3;

/** What is known of all requests when one is refused. */
export interface Traffic {
  /** The last request sent. */
  readonly lastSent: number;
  /** The latest request that had a trustworthy answer. */
  readonly answered: number;
  /** During a hold no payment is judged: the fault may concern all. */
  readonly held: boolean;
}

/** Judges a payment that has just been refused, by what is known from its refusals before. */
export function judgeRefusal(
  before: Suspicion | undefined,
  { lastSent, answered, held }: Traffic,
): { readonly concerns: Concerns; readonly suspicion: Suspicion } {
  const refusedAlone = before?.refusedAlone ?? 0;
  if (held || before === undefined || answered <= before.refusedAfter) {
    return { concerns: 'everyone', suspicion: { refusedAfter: lastSent, refusedAlone } };
  }
  const suspicion = { refusedAfter: lastSent, refusedAlone: refusedAlone + 1 };
  return { concerns: suspicion.refusedAlone < REFUSALS_ALONE ? 'perhaps_one' : 'one', suspicion };
}
