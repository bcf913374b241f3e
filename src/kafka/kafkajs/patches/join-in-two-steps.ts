import { privatePart } from '../private-parts.ts';
import type { ConsumerGroup } from '../types.ts';

/**
 * While a join waits for other members, kafkajs tells nobody under which id it does. A member without an id is given one
 * first, and joins again under it: from then on it is known, and can be given up.
 */
const ID_GIVEN = 'MemberIdGiven';

const answer = privatePart('protocol/requests/joinGroup/v5/response.js') as {
  parse: (data: unknown) => Promise<unknown>;
};
const { parse } = answer;
/** Known by its own name, kafkajs would join again at once. */
answer.parse = async (data) => {
  try {
    return await parse(data);
  } catch (error) {
    if (error instanceof Error && error.name === 'KafkaJSMemberIdRequired') error.name = ID_GIVEN;
    throw error;
  }
};

const { prototype } = privatePart('consumer/consumerGroup.js') as {
  prototype: Record<symbol, (this: ConsumerGroup) => Promise<void>>;
};
const JOIN = Object.getOwnPropertySymbols(prototype).find(({ description }) => description?.endsWith(':join'));
const join = JOIN === undefined ? undefined : prototype[JOIN];
if (JOIN === undefined || join === undefined) throw new Error('kafkajs joins in another way than it is known to');

prototype[JOIN] = async function () {
  try {
    await join.call(this);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== ID_GIVEN || !('memberId' in error)) throw error;
    this.memberId = String(error.memberId);
    await join.call(this);
  }
};
