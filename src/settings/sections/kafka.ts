import { belongTogether } from '../certificates.ts';
import * as kinds from '../kinds.ts';
import { field, incomplete, optional, preset, required, section } from '../setting.ts';

const { boolean, duration, matching, oneOf } = kinds;
const name = matching(/^[\x20-\x7e]{1,249}$/, 'a name; use 1 to 249 printable ASCII characters');

/** How to reach the brokers, as whom, and in which group. */
export const kafka = section({
  rows: {
    KAFKA_BROKERS: required(
      kinds.brokers,
      'broker-1:9092,broker-2:9092',
      'comma-separated `host:port`, an IPv6 address as `[::1]:port`',
    ),
    KAFKA_GROUP_ID: preset(name, 'payment-notifier', 'consumer group'),
    KAFKA_CLIENT_ID: preset(name, 'payment-notifier', 'how the brokers know this client'),
    KAFKA_SESSION_TIMEOUT: preset(
      duration('1s', '30m'),
      '30s',
      "after this silence a member's partitions go to others; heartbeats every tenth of it; " +
        'longer than `GATEWAY_TIMEOUT` + 5 s',
    ),
    KAFKA_SSL: preset(boolean, 'false', 'TLS to the brokers'),
    KAFKA_SSL_CA_FILE: optional(
      kinds.certificates,
      'the authority of the brokers, PEM, trusted instead of the public ones',
    ),
    KAFKA_SSL_CERT_FILE: optional(kinds.certificates, 'client certificate, PEM; only with `KAFKA_SSL_KEY_FILE`'),
    KAFKA_SSL_KEY_FILE: optional(kinds.privateKey, 'its private key, PEM'),
    KAFKA_SASL_MECHANISM: optional(
      oneOf('plain', 'scram-sha-256', 'scram-sha-512'),
      '`plain`, `scram-sha-256`, `scram-sha-512`; the three `KAFKA_SASL_*` only together',
    ),
    KAFKA_SASL_USERNAME: optional(name, 'user at the brokers'),
    KAFKA_SASL_PASSWORD_FILE: optional(kinds.secret, 'file with the password'),
  },

  *contradictions({ KAFKA_SSL: ssl, KAFKA_SSL_CERT_FILE: certificate, KAFKA_SSL_KEY_FILE: key }, given) {
    for (const name of ['KAFKA_SSL_CA_FILE', 'KAFKA_SSL_CERT_FILE', 'KAFKA_SSL_KEY_FILE'] as const) {
      if (ssl === false && given(name)) yield `${name}: has no effect without TLS; set KAFKA_SSL=true or unset it`;
    }
    yield* incomplete(given, 'KAFKA_SSL_CERT_FILE', 'KAFKA_SSL_KEY_FILE');
    if (certificate !== undefined && key !== undefined && !belongTogether(certificate, key)) {
      yield 'KAFKA_SSL_KEY_FILE: is not the key that the certificate in KAFKA_SSL_CERT_FILE was made with; give both of one pair';
    }
    yield* incomplete(given, 'KAFKA_SASL_MECHANISM', 'KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD_FILE');
  },

  make: (values) => {
    const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username } = values;
    const { KAFKA_SASL_PASSWORD_FILE: password } = values;
    return {
      client: {
        brokers: values.KAFKA_BROKERS,
        clientId: values.KAFKA_CLIENT_ID,
        ssl: values.KAFKA_SSL && {
          ...field('ca', values.KAFKA_SSL_CA_FILE),
          ...field('cert', values.KAFKA_SSL_CERT_FILE),
          ...field('key', values.KAFKA_SSL_KEY_FILE),
        },
        ...field('sasl', mechanism && username && password ? { mechanism, username, password } : undefined),
      },
      group: { groupId: values.KAFKA_GROUP_ID, sessionTimeoutMs: values.KAFKA_SESSION_TIMEOUT },
    };
  },
});

/** How to reach the schema registry. */
export const registry = section({
  rows: {
    SCHEMA_REGISTRY_URL: required(kinds.httpUrl, 'https://registry:8081', 'Confluent API; a path in it is kept'),
    SCHEMA_REGISTRY_USERNAME: optional(name, 'user at the registry; only with the password'),
    SCHEMA_REGISTRY_PASSWORD_FILE: optional(kinds.secret, 'file with the password'),
  },
  contradictions: (_, given) => incomplete(given, 'SCHEMA_REGISTRY_USERNAME', 'SCHEMA_REGISTRY_PASSWORD_FILE'),
  make: (values) => ({
    url: values.SCHEMA_REGISTRY_URL,
    ...field('username', values.SCHEMA_REGISTRY_USERNAME),
    ...field('password', values.SCHEMA_REGISTRY_PASSWORD_FILE),
  }),
});
