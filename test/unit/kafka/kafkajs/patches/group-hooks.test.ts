import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { hookGroupsOf, type GroupHooks } from '../../../../../src/kafka/kafkajs/patches/group-hooks.ts';
import type { ConsumerGroup, KafkaError } from '../../../../../src/kafka/kafkajs/types.ts';

const require = createRequire(import.meta.url);
const { prototype } = require('kafkajs/src/consumer/consumerGroup.js') as { prototype: ConsumerGroup };

/** A group as kafkajs makes it, with what it does on its own. */
function groupOf(assigner: { readonly name: string }) {
  const did: string[] = [];
  const own = {
    assigners: [{ name: 'another' }, assigner],
    groupId: 'g',
    memberId: 'm',
    retrier: () => Promise.resolve(void did.push('joined')),
    coordinator: { leaveGroup: () => Promise.resolve(void did.push('left')) },
    logger: { debug: () => undefined },
    cluster: {
      refreshMetadataIfNecessary: () => {
        did.push('fetched');
        return Promise.reject(Object.assign(new Error('closed'), { name: 'KafkaJSConnectionClosedError', broker: {} }));
      },
      removeBroker: () => did.push('recovered'),
    },
  };
  return { did, group: Object.assign(Object.create(prototype) as ConsumerGroup, own) };
}

const failure = Object.assign(new Error('closed'), { name: 'KafkaJSConnectionClosedError' }) as KafkaError;

async function go({ did, group }: ReturnType<typeof groupOf>): Promise<string[]> {
  await group.joinAndSync();
  await group.fetch('1');
  await group.recoverFromFetch(failure);
  await group.leave();
  return did;
}

test('a group whose assigner has hooks goes by them, and they can have it done as kafkajs does', async () => {
  const assigner = { name: 'ours' };
  const ours = groupOf(assigner);
  const hooked =
    <T>(name: string) =>
    (_group: ConsumerGroup, ...rest: [...KafkaError[], () => Promise<T>]): Promise<T> => {
      ours.did.push(`${name} as we do`);
      return (rest.at(-1) as () => Promise<T>)();
    };
  const hooks: GroupHooks = {
    join: hooked('join'),
    leave: hooked('leave'),
    fetch: hooked('fetch'),
    recover: hooked('recover'),
    mayWait: () => false,
  };
  hookGroupsOf(assigner, hooks);
  expect(await go(ours)).toEqual([
    ...['join as we do', 'joined'],
    ...['fetch as we do', 'fetched', 'recover as we do', 'recovered'],
    ...['recover as we do', 'recovered'],
    ...['leave as we do', 'left'],
  ]);
});

test('any other group stays as kafkajs made it', async () => {
  expect(await go(groupOf({ name: 'theirs' }))).toEqual(['joined', 'fetched', 'recovered', 'recovered', 'left']);
});
