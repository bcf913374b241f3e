import type { FaultKind } from '../plan.ts';
import { BROKER_FAULTS } from './brokers.ts';
import type { Fault, Makers } from './fault.ts';
import { MEMBER_FAULTS } from './members.ts';
import { OUTSIDE_FAULTS } from './outside.ts';
import { TOPIC_FAULTS } from './topics.ts';

const ALL: Makers<FaultKind> = { ...MEMBER_FAULTS, ...BROKER_FAULTS, ...TOPIC_FAULTS, ...OUTSIDE_FAULTS };

/** Does to the world what the fault is about, unless there is nothing that it could be done to. */
export function make(fault: Fault): void {
  ALL[fault.kind](fault);
}
