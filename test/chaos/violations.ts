/** What may be wrong. */
export const VIOLATIONS = {
  lost: 'committed, and nowhere to be found',
  doubled: 'in more than one place, or live in more than one copy',
  unsettled: 'not settled, though everything had the time',
  order: 'first requests of a partition not in the order of offsets',
  key_order: 'sent before every earlier event of its key had its verdict',
  early: 'sent before its time',
  bytes: 'sent with other bytes than before',
  repeat: 'sent again after its final verdict, and nothing explains it',
  too_many_repeats: 'one lane repeated more after one fault than it may',
  untold: 'its final verdict has no outcome, neither in the topic nor in a log',
  overtold: 'more outcomes than it has had verdicts',
  refused: 'the gateway found the request itself wrong',
  stranger: 'a request for a payment that nobody wrote',
  stall: 'nothing was sent for far too long while something was possible',
  member_ended: 'a member ended that nobody had asked to',
  unread: 'acknowledged to its writer, but not found in the source topic',
  ambiguous: 'a payment stands twice in the source topic: the run proves nothing',
} as const;
export type ViolationKind = keyof typeof VIOLATIONS;

/** One thing that should not have happened. */
export interface Violation {
  readonly kind: ViolationKind;
  /** Which record or payment, and what was seen of it. */
  readonly detail: string;
}
