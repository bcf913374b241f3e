import { expect, test } from 'vitest';
import { brokerRemedy, notAllowed } from '../../../../src/kafka/kafkajs/remedies.ts';
import { registryRemedy } from '../../../../src/kafka/avro/registry.ts';

test.each([
  ['Connection error: connect ECONNREFUSED 127.0.0.1:9092', /KAFKA_BROKERS and that they are up$/],
  ['Connection error: certificate is not yet valid', /clock/],
  ['Connection error: unable to get local issuer certificate', /KAFKA_SSL_CA_FILE/],
  ['Connection error: error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required', /_CERT_FILE/],
  ['Connection error: error:0A00010B:SSL routines:ssl3_get_record:wrong version number', /KAFKA_SSL and KAFKA_SASL/],
])('%s', (message, remedy) => {
  expect(brokerRemedy(new Error(message))).toMatch(remedy);
});

test.each([
  ['TOPIC_AUTHORIZATION_FAILED', /READ.*WRITE/],
  ['GROUP_AUTHORIZATION_FAILED', /READ the group KAFKA_GROUP_ID/],
  ['CLUSTER_AUTHORIZATION_FAILED', /IDEMPOTENT_WRITE on the cluster/],
])('%s, however often it is wrapped', (type, remedy) => {
  const refused = Object.assign(new Error('refused'), { type });
  expect(brokerRemedy(new Error('tried five times', { cause: refused }))).toMatch(remedy);
});

test('what is lacked is said with right, topic and how to give it', () => {
  expect(notAllowed(['READ', 'WRITE'], 'pf.retry.5s')).toBe(
    'this user may not READ and WRITE the topic pf.retry.5s: let it ' +
      '(kafka-acls --add --operation READ --operation WRITE --topic pf.retry.5s)',
  );
});

test.each([
  [401, /PASSWORD_FILE/],
  [403, /PASSWORD_FILE/],
  [500, /SCHEMA_REGISTRY_URL/],
])('a registry that answers %i', (status, remedy) => {
  expect(registryRemedy(Object.assign(new Error('refused'), { status }))).toMatch(remedy);
});
