import { until } from '../../../support/until.ts';
import { ERROR } from '../../brokers/error-codes.ts';
import type { Request } from '../../brokers/messages/apis.ts';
import type { RawClient } from '../raw-client.ts';
import { METADATA, type Script, type Stage } from '../stage.ts';
import { joinRequest } from './groups.ts';
import { fetchRequest, listRequest, produceRequest } from './records.ts';

/** Everything that needs a right, once. */
async function everything(
  stage: Stage,
  when: string,
  topic: string,
  user: RawClient,
  coordinator: RawClient,
): Promise<void> {
  const ask: Stage['ask'] = (label, name, request, on = user) => stage.ask(`${when}: ${label}`, name, request, on);
  const groupId = stage.name;
  const offsets = (name: string, offset: number) => [{ name, partitions: [{ index: 0, offset, metadata: null }] }];
  await ask('metadata', 'Metadata', METADATA([topic]));
  await ask('rights', 'Metadata', { ...METADATA([topic]), includeTopicAuthorizedOperations: true });
  await ask('unknown', 'Metadata', METADATA([`${topic}-none`]));
  const { topics } = await user.ask('Metadata', METADATA(null));
  stage.note(`${when}: all topics`, topics.filter(({ name }) => name.startsWith(stage.name)).length);
  await ask('write', 'Produce', produceRequest(topic, stage.batch(['a'])));
  await ask('write what is not there', 'Produce', produceRequest(`${topic}-none`, stage.batch(['a'])));
  await ask('read', 'Fetch', fetchRequest(topic, 0));
  await ask('list', 'ListOffsets', listRequest(topic, -2));
  await ask('id', 'InitProducerId', { transactionalId: null, transactionTimeoutMs: 60_000 });
  await ask('settings', 'DescribeConfigs', {
    resources: [{ type: 2, name: topic, keys: ['retention.ms'] }],
    includeSynonyms: false,
  });
  const more = { name: topic, count: 1, assignments: null };
  await ask('more partitions', 'CreatePartitions', { topics: [more], timeoutMs: 5_000, validateOnly: true });
  const made = { name: `${topic}-made`, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  await ask('make', 'CreateTopics', { topics: [made], timeoutMs: 5_000, validateOnly: true });
  await ask('delete records', 'DeleteRecords', {
    topics: [{ name: topic, partitions: [{ index: 0, offset: 0 }] }],
    timeoutMs: 5_000,
  });
  const { nodeId } = await user.ask('FindCoordinator', { key: groupId, keyType: 0 });
  stage.note(`${when}: finds the coordinator`, nodeId > 0);
  await ask('join', 'JoinGroup', joinRequest(groupId, ''), coordinator);
  const position = { groupId, generationId: 1, memberId: 'nobody', groupInstanceId: null };
  await ask('heartbeat', 'Heartbeat', position, coordinator);
  await ask('sync', 'SyncGroup', { ...position, assignments: [] }, coordinator);
  await ask('leave', 'LeaveGroup', { groupId, members: [{ memberId: 'nobody', groupInstanceId: null }] }, coordinator);
  const commit: Request<'OffsetCommit'> = { groupId, generationId: -1, memberId: '', topics: offsets(topic, 3) };
  await ask('commit', 'OffsetCommit', commit, coordinator);
  const both = [topic, `${topic}-none`].map((name) => ({ name, partitions: [0] }));
  await ask('committed', 'OffsetFetch', { groupId, topics: both }, coordinator);
  await ask('describe', 'DescribeGroups', { groups: [groupId], includeAuthorizedOperations: true }, coordinator);
}

/** Waits until a right that was granted has reached every broker. */
async function untilGranted(stage: Stage, topic: string, has: (code: number) => boolean): Promise<void> {
  for (const node of stage.brokers.nodes) {
    const client = await stage.user(node);
    await until(`broker ${node} to hear of a right`, async () => {
      const { topics } = await client.ask('Metadata', METADATA([topic]));
      return has(topics[0]?.errorCode ?? ERROR.TOPIC_AUTHORIZATION_FAILED);
    });
  }
}

export const RIGHTS_SCRIPTS: Readonly<Record<string, Script>> = {
  'who has no right is refused, and who has one is served': async (stage) => {
    const topic = await stage.makeTopic({ assignments: [stage.brokers.nodes] });
    const coordinator = await stage.user(await stage.coordinatorOf());
    const user = await stage.user(1);
    await everything(stage, 'without rights', topic, user, coordinator);
    await stage.brokers.grant('DESCRIBE', 'group', stage.name);
    await stage.brokers.grant('DESCRIBE', 'topic', topic);
    await untilGranted(stage, topic, (code) => code === ERROR.NONE);
    await everything(stage, 'to describe', topic, user, coordinator);
    await stage.brokers.grant('READ', 'topic', topic);
    await stage.brokers.grant('READ', 'group', stage.name);
    await until('to read', async () => {
      const { topics } = await user.ask('Fetch', fetchRequest(topic, 0));
      const { errorCode } = await coordinator.ask('Heartbeat', {
        groupId: stage.name,
        generationId: 1,
        memberId: 'nobody',
        groupInstanceId: null,
      });
      return topics[0]?.partitions[0]?.errorCode === ERROR.NONE && errorCode === ERROR.UNKNOWN_MEMBER_ID;
    });
    await everything(stage, 'to read', topic, user, coordinator);
    await stage.brokers.grant('WRITE', 'topic', topic);
    await until('to write', async () => {
      const { errorCode } = await user.ask('InitProducerId', { transactionalId: null, transactionTimeoutMs: 60_000 });
      return errorCode === ERROR.NONE;
    });
    await everything(stage, 'to write', topic, user, coordinator);
  },

  'who has no password is sent away': async (stage) => {
    const client = await stage.client('stranger', 1, true);
    await stage.ask('another way', 'SaslHandshake', { mechanism: 'SCRAM-SHA-256' }, client).catch(() => undefined);
    const again = await stage.client('stranger', 1, true);
    await stage.ask('this way', 'SaslHandshake', { mechanism: 'PLAIN' }, again);
    const wrong = { authBytes: Buffer.from('\0somebody\0wrong') };
    await stage.ask('a wrong password', 'SaslAuthenticate', wrong, again);
  },
};
