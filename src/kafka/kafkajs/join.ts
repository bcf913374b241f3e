import { createRequire } from 'node:module';
import { errorType } from './client.ts';
import { findCoordinator } from '../group/coordinator.ts';
import type { ConsumerGroup } from './internals.ts';
import './internals.ts';

/**
 * kafkajs while a join is waiting for other members: it neither tells under which id, nor can it leave then. As all that
 * is done to its private parts, this is known for the version that `internals.ts` names.
 */
const require = createRequire(import.meta.url);

/** A name by which kafkajs does not know the error: by its own name, it joins at once and tells the id to nobody. */
const ID_GIVEN = 'MemberIdGiven';

const joinAnswer = require('kafkajs/src/protocol/requests/joinGroup/v5/response.js') as {
  parse: (data: unknown) => Promise<unknown>;
};
const { parse } = joinAnswer;
joinAnswer.parse = async (data) => {
  try {
    return await parse(data);
  } catch (error) {
    if (error instanceof Error && error.name === 'KafkaJSMemberIdRequired') error.name = ID_GIVEN;
    throw error;
  }
};

const { prototype } = require('kafkajs/src/consumer/consumerGroup.js') as {
  prototype: Record<symbol, (this: ConsumerGroup) => Promise<void>>;
};
const JOIN = Object.getOwnPropertySymbols(prototype).find(({ description }) => description?.endsWith(':join'));
const join = JOIN === undefined ? undefined : prototype[JOIN];
if (JOIN === undefined || join === undefined) throw new Error('kafkajs joins in another way than it is known to');

/** A member without an id is given one and joins again under it: from then on it is known, and can be given up. */
prototype[JOIN] = async function () {
  try {
    await join.call(this);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== ID_GIVEN || !('memberId' in error)) throw error;
    this.memberId = String(error.memberId);
    await join.call(this);
  }
};

interface Connections {
  getConnection(index: number): Promise<unknown>;
}

interface Coordinator {
  readonly connectionPool: Connections;
  leaveGroup(member: { readonly groupId: string; readonly memberId: string }): Promise<unknown>;
}

/** The one that kafkajs fetches by. Brokers answer a connection's requests in turn, so on the other one it would wait. */
const FREE_CONNECTION = 1;

/** Leaves the group although a join is waiting: the broker ends that one, and nobody waits for this member any more. */
export async function leaveWhileJoining(group: ConsumerGroup): Promise<void> {
  const { groupId, memberId } = group;
  if (memberId === null) return;
  const coordinator = (group.coordinator ?? (await findCoordinator(group))) as unknown as Coordinator;
  const pool = coordinator.connectionPool;
  const free = { getConnectionByRequest: { value: () => pool.getConnection(FREE_CONNECTION) } };
  const beside = { connectionPool: { value: Object.create(pool, free) as Connections } };
  try {
    await (Object.create(coordinator, beside) as Coordinator).leaveGroup({ groupId, memberId });
  } catch (error) {
    if (errorType(error) !== 'UNKNOWN_MEMBER_ID') throw error;
  }
}
