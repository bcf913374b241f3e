import type { Admin, ITopicConfig } from 'kafkajs';
import { until } from './until.ts';

/**
 * Makes topics, and waits until every partition has a leader: kafkajs' own wait throws where the broker that it asks has not
 * heard of a topic yet.
 *
 * @returns false where one of them is there already, or an old one of its name not gone yet
 */
export async function makeTopics(admin: Admin, topics: ITopicConfig[]): Promise<boolean> {
  if (!(await admin.createTopics({ topics, waitForLeaders: false }))) return false;
  await until('topics to have leaders', () =>
    admin.fetchTopicMetadata({ topics: topics.map(({ topic }) => topic) }).then(
      ({ topics: made }) => made.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0)),
      () => false,
    ),
  );
  return true;
}
