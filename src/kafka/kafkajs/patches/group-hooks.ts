import { fetchForGroup, type MayWait } from '../group-fetch.ts';
import { privatePart } from '../private-parts.ts';
import type { Assigner, ConsumerGroup, FetchedBatch, KafkaError } from '../types.ts';

/** What a member does instead of kafkajs' own way; `inner` is that way. */
export interface GroupHooks {
  join(group: ConsumerGroup, inner: () => Promise<void>): Promise<void>;
  leave(group: ConsumerGroup, inner: () => Promise<void>): Promise<void>;
  fetch(group: ConsumerGroup, inner: () => Promise<FetchedBatch[]>): Promise<FetchedBatch[]>;
  recover(group: ConsumerGroup, error: KafkaError, inner: () => Promise<void>): Promise<void>;
  readonly mayWait: MayWait;
}

const hooksByAssigner = new WeakMap<Assigner, GroupHooks>();

/** From now on the groups that use this assigner go by these hooks; all others stay as kafkajs made them. */
export function hookGroupsOf(assigner: Assigner, hooks: GroupHooks): void {
  hooksByAssigner.set(assigner, hooks);
}

function hooksOf(group: ConsumerGroup): GroupHooks | undefined {
  for (const assigner of group.assigners) {
    const hooks = hooksByAssigner.get(assigner);
    if (hooks !== undefined) return hooks;
  }
  return undefined;
}

type Methods = Pick<ConsumerGroup, 'joinAndSync' | 'leave' | 'fetch' | 'recoverFromFetch'>;
const { prototype } = privatePart('consumer/consumerGroup.js') as { prototype: Methods };
const original: Methods = {
  joinAndSync: prototype.joinAndSync,
  leave: prototype.leave,
  fetch: prototype.fetch,
  recoverFromFetch: prototype.recoverFromFetch,
};

prototype.joinAndSync = function (this: ConsumerGroup) {
  const inner = (): Promise<void> => original.joinAndSync.call(this);
  return hooksOf(this)?.join(this, inner) ?? inner();
};
prototype.leave = function (this: ConsumerGroup) {
  const inner = (): Promise<void> => original.leave.call(this);
  return hooksOf(this)?.leave(this, inner) ?? inner();
};
prototype.fetch = function (this: ConsumerGroup, nodeId) {
  const hooks = hooksOf(this);
  if (hooks === undefined) return original.fetch.call(this, nodeId);
  return hooks.fetch(this, () => fetchForGroup(this, nodeId, hooks.mayWait));
};
prototype.recoverFromFetch = function (this: ConsumerGroup, error) {
  const inner = (): Promise<void> => original.recoverFromFetch.call(this, error);
  return hooksOf(this)?.recover(this, error, inner) ?? inner();
};
