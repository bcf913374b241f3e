import { expect, test } from 'vitest';
import { brokerRemedy } from '../../../../src/kafka/kafkajs/remedies.ts';
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
  [401, /PASSWORD_FILE/],
  [403, /PASSWORD_FILE/],
  [500, /SCHEMA_REGISTRY_URL/],
])('a registry that answers %i', (status, remedy) => {
  expect(registryRemedy(Object.assign(new Error('refused'), { status }))).toMatch(remedy);
});
