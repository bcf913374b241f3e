import type { TopicRole } from '../../core/topology.ts';
import type { Allowed, Operation } from '../kafkajs/described.ts';

/** A topic of this service. */
export type OwnRole = Exclude<TopicRole, 'other'>;

/** What the service does with topics of each kind. Where one may be read or written, it may be described. */
export const NEEDED: Readonly<Record<OwnRole, readonly Operation[]>> = {
  source: ['READ'],
  retry: ['READ', 'WRITE'],
  dead_letter: ['WRITE'],
  outcomes: ['WRITE'],
};

/** The rights without which the service cannot work with this topic, and which this user lacks as far as brokers say. */
export function lackedRights(role: OwnRole, allowed: Allowed): readonly Operation[] {
  return NEEDED[role].filter((operation) => allowed?.has(operation) === false);
}
