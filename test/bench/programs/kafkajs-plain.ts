import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import kafkajs from 'kafkajs';
import { post, type Payment } from './post.ts';

/**
 * The shortest program with kafkajs that tells the gateway of every event: what is not confirmed ends it, nothing is
 * retried or parked, and offsets are committed once a second, so that a crash repeats what a second brought.
 */
const { KAFKA_BROKERS = '', KAFKA_GROUP_ID = '', SOURCE_TOPIC = '', SCHEMA_REGISTRY_URL = '', LANES } = process.env;
const kafka = new kafkajs.Kafka({ brokers: KAFKA_BROKERS.split(','), logLevel: kafkajs.logLevel.ERROR });
const registry = new SchemaRegistry({ host: SCHEMA_REGISTRY_URL });
const consumer = kafka.consumer({ groupId: KAFKA_GROUP_ID, maxWaitTimeInMs: 250 });

consumer.on('consumer.group_join', () => process.send?.('ready'));
await consumer.connect();
await consumer.subscribe({ topic: SOURCE_TOPIC });
await consumer.run({
  partitionsConsumedConcurrently: Number(LANES),
  autoCommitInterval: 1_000,
  eachMessage: async ({ message: { value } }) => {
    if (value !== null) await post((await registry.decode(value)) as Payment);
  },
});
