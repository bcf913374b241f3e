import type { ConsumerGroup } from '../kafkajs/types.ts';
import type { Epoch } from './epoch.ts';

/** How this member stands to its group. */
export type State =
  | { readonly kind: 'outside' }
  | { readonly kind: 'joining'; readonly group: ConsumerGroup }
  | { readonly kind: 'serving' | 'closing'; readonly group: ConsumerGroup; readonly epoch: Epoch };

export type MemberState = State['kind'];

/** This member as the group knows it; no id and generation while it is not in. */
export interface MemberView {
  readonly id: string | null;
  readonly generation: number | null;
  readonly state: MemberState;
  /** When it came to this state, in epoch milliseconds. */
  readonly since: number;
}

/** @param since when this state began, in epoch milliseconds */
export function viewOf(state: State, since: number): MemberView {
  const { memberId = null, generationId = null } = holdsEpoch(state) ? state.group : {};
  return { id: memberId, generation: generationId, state: state.kind, since };
}

export function holdsEpoch(state: State): state is Extract<State, { readonly epoch: Epoch }> {
  return state.kind === 'serving' || state.kind === 'closing';
}
