import { boolean, integer, oneOf, topicName } from '../kinds.ts';
import { field, optional, preset, section } from '../setting.ts';

/** Which events are read, from where on, and whether topics beside theirs may be made. */
export const source = section({
  rows: {
    SOURCE_TOPIC: preset(topicName, 'payment-final', 'the events; retry and dead-letter topics are named after it'),
    START_FROM: preset(
      oneOf('earliest', 'latest'),
      'earliest',
      'where a group without any committed offset begins: `earliest` or `latest`; a partition that appears later is ' +
        'always read from its start',
    ),
    CREATE_TOPICS: preset(
      boolean,
      'false',
      "create missing retry, dead-letter and outcome topics, with the source's partition count, and add partitions " +
        'they lack',
    ),
    TOPIC_REPLICATION_FACTOR: preset(integer(1, 100), '3', 'used only when creating'),
  },
  make: (values) => ({
    topic: values.SOURCE_TOPIC,
    startFrom: values.START_FROM,
    createTopics: values.CREATE_TOPICS,
    replicationFactor: values.TOPIC_REPLICATION_FACTOR,
  }),
});

/** Where final verdicts are written, if anywhere. */
export const outcomes = section({
  rows: {
    OUTCOMES_TOPIC: optional(topicName, 'where set (the production overlay sets it): one record per final verdict'),
  },
  make: (values) => field('topic', values.OUTCOMES_TOPIC),
});
