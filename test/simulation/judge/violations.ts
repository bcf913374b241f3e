/** What may be wrong. */
export const VIOLATIONS = {
  unsettled: 'its offset is committed, and it is neither delivered nor dead-lettered, and waits nowhere',
  moved_back: 'an offset was committed that lies before one committed earlier',
  key_order: 'sent while an earlier event of its key had no verdict',
  order: 'first requests of a partition not in the order of offsets',
  early: 'sent before its time',
  bytes: 'sent with other bytes than before',
  repeat: 'sent again after its verdict was heard, and nothing explains it',
  too_many_repeats: 'one lane sent more again after one disturbance than was in flight',
  after_commit: 'sent though everything of it was committed',
  doubled: 'in more than one place, or live in more than one copy',
  stranger: 'a request, or a record, that belongs to no event',
  stall: 'a partition stood still for far too long though it could go on',
  open: 'not settled though everything was healed and had the time',
  untold: 'its verdict has no outcome',
  endless: 'a schedule that comes to no end',
  unhandled: 'an error that nobody expected or handled',
  held_on: 'parked keys or requests in the memory of a member though everything is committed',
  left_behind: 'timers or connections of a member that had stopped',
  ended: 'a member ended that nobody had asked to, or went on after its end',
} as const;
export type ViolationKind = keyof typeof VIOLATIONS;

/** One thing that should not have happened. */
export interface Violation {
  readonly kind: ViolationKind;
  readonly detail: string;
  /** What the history may be searched for. */
  readonly names: readonly string[];
}
