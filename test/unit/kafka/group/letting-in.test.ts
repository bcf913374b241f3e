import { expect, test } from 'vitest';
import type { TopicWatch } from '../../../../src/kafka/group/collaborators.ts';
import { untilLetIn } from '../../../../src/kafka/group/letting-in.ts';
import type { ConsumerGroup } from '../../../../src/kafka/kafkajs/types.ts';
import type { Fact } from '../../../../src/pipeline/facts.ts';
import { Abandoned } from '../../../../src/pipeline/ports.ts';
import { pass, useVirtualTime } from '../../../support/fixtures.ts';

useVirtualTime();

const refusal = (type: string): Error => Object.assign(new Error(type), { type });

/** A member that asks to be let in, and is refused with these errors, one a try, before it is. */
function asking(errors: readonly Error[]) {
  const left = [...errors];
  const facts: Fact[] = [];
  const told = { tries: 0, looks: 0, end: 'none yet' as unknown };
  const stopping = new AbortController();
  const topics: Partial<TopicWatch> = { look: () => Promise.resolve(void (told.looks += 1)) };
  const join = (): Promise<void> => {
    told.tries += 1;
    const error = left.shift();
    return error === undefined ? Promise.resolve() : Promise.reject(error);
  };
  const group = { groupId: 'g', cluster: {} } as unknown as ConsumerGroup;
  untilLetIn(group, join, topics as TopicWatch, (fact) => facts.push(fact), stopping.signal).then(
    () => (told.end = 'let in'),
    (error: unknown) => (told.end = error),
  );
  return { told, facts, stopping };
}

test('a member that nobody refuses asks once', async () => {
  const { told, facts } = asking([]);
  await pass(0);
  expect([told, facts]).toEqual([{ tries: 1, looks: 0, end: 'let in' }, []]);
});

test.each([
  ['INCONSISTENT_GROUP_PROTOCOL', 'taken'],
  ['UNKNOWN', 'taken'],
  ['GROUP_AUTHORIZATION_FAILED', 'forbidden'],
])('%s may be mended meanwhile: the member asks on, and tells why it is not let in: %s', async (type, reason) => {
  const error = refusal(type);
  const { told, facts } = asking([error, error]);
  await pass(10_000);
  expect(told).toEqual({ tries: 3, looks: 0, end: 'let in' });
  expect(facts).toEqual(Array(2).fill({ kind: 'join_refused', group: 'g', reason, error }));
});

test('a topic that is missing is looked for before the next try, and told by whoever watches the topics', async () => {
  const { told, facts } = asking([refusal('UNKNOWN_TOPIC_OR_PARTITION')]);
  await pass(10_000);
  expect([told, facts]).toEqual([{ tries: 2, looks: 1, end: 'let in' }, []]);
});

test.each([
  ['of the protocol', refusal('INVALID_SESSION_TIMEOUT')],
  ['of no name', new Error('no answer')],
])('what nobody mends by waiting, an error %s, is thrown at once', async (_, error) => {
  const { told, facts } = asking([error]);
  await pass(0);
  expect([told, facts]).toEqual([{ tries: 1, looks: 0, end: error }, []]);
});

test('a member that is being stopped asks no more', async () => {
  const { told, stopping } = asking(Array<Error>(100).fill(refusal('UNKNOWN')));
  await pass(1_000);
  stopping.abort();
  await pass(0);
  const { tries } = told;
  expect(told.end).toBeInstanceOf(Abandoned);
  await pass(60_000);
  expect(told.tries).toBe(tries);
});
