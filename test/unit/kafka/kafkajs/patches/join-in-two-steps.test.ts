import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import '../../../../../src/kafka/kafkajs/patches/join-in-two-steps.ts';
import { deferred, soon } from '../../../../support/fixtures.ts';

const require = createRequire(import.meta.url);
const MEMBER_ID_REQUIRED = 79;

interface JoinAnswer {
  readonly errorCode: number;
  readonly memberId: string;
  readonly generationId?: number;
}

/** The method of a class of kafkajs that it keeps to itself, by the end of its name. */
function hidden(prototype: object, name: string): symbol {
  const symbol = Object.getOwnPropertySymbols(prototype).find(({ description }) => description?.endsWith(name));
  if (symbol === undefined) throw new Error(`kafkajs has nothing called ${name}`);
  return symbol;
}

/** A member as kafkajs makes it, whose coordinator answers each try to join as the test says. */
function memberOf(answer: (memberId: string) => Promise<JoinAnswer>) {
  const { prototype: brokers } = require('kafkajs/src/broker/index.js') as { prototype: object };
  const { prototype: groups } = require('kafkajs/src/consumer/consumerGroup.js') as { prototype: object };
  const { parse } = require('kafkajs/src/protocol/requests/joinGroup/v5/response.js') as {
    parse: (data: JoinAnswer) => Promise<JoinAnswer>;
  };
  const coordinator = Object.assign(Object.create(brokers) as object, {
    lookupRequest: () => (request: object) => request,
    [hidden(brokers, 'sendRequest')]: async ({ memberId }: { memberId: string }) => parse(await answer(memberId)),
  });
  const member = Object.assign(Object.create(groups) as object, {
    groupId: 'group',
    memberId: null as string | null,
    assigners: [],
    cluster: { findGroupCoordinator: () => Promise.resolve(coordinator) },
  });
  const join = (member as unknown as Record<symbol, () => Promise<void>>)[hidden(groups, ':join')];
  return { member, join: () => join?.call(member) };
}

test('a member without an id knows the one it is given while its join still waits for others', async () => {
  const asked: string[] = [];
  const others = deferred<undefined>();
  const { member, join } = memberOf(async (memberId) => {
    asked.push(memberId);
    if (memberId === '') return { errorCode: MEMBER_ID_REQUIRED, memberId: 'given' };
    await others.promise;
    return { errorCode: 0, memberId, generationId: 3 };
  });
  const joined = join();
  await soon();
  expect([asked, member.memberId]).toEqual([['', 'given'], 'given']);
  others.resolve(undefined);
  await joined;
  expect(member).toMatchObject({ memberId: 'given', generationId: 3 });
});

test('whatever else the coordinator answers fails the join, and is not asked again', async () => {
  const asked: string[] = [];
  const { join } = memberOf((memberId) => {
    asked.push(memberId);
    return Promise.resolve({ errorCode: 23, memberId: '' });
  });
  await expect(join()).rejects.toThrow('incompatible');
  expect(asked).toEqual(['']);
});
