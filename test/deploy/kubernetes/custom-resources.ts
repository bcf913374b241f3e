/**
 * What we use of custom resources for which no package has schemas; anything else in them is refused. Strimzi's API v1 and
 * Cilium's v2, as their custom resource definitions have it.
 */
export const CUSTOM_RESOURCES: Readonly<Record<string, object>> = {
  'kafka.strimzi.io/v1 KafkaTopic': resource({
    partitions: { type: 'integer', minimum: 1 },
    replicas: { type: 'integer', minimum: 1, maximum: 32767 },
    config: {
      type: 'object',
      additionalProperties: { anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] },
    },
  }),
  'kafka.strimzi.io/v1 KafkaUser': resource({
    authentication: exactly({ type: { enum: ['scram-sha-512', 'tls', 'tls-external'] } }),
    authorization: exactly({ type: { const: 'simple' }, acls: listOf(acl()) }),
  }),
  'cilium.io/v2 CiliumNetworkPolicy': resource({
    endpointSelector: selector(),
    egress: listOf({
      oneOf: [
        exactly({ toEndpoints: listOf(selector()), toPorts: ports({ rules: dnsRules() }) }),
        exactly({ toFQDNs: listOf(exactly({ matchName: hostName() })), toPorts: ports({}) }),
      ],
    }),
  }),
};

function resource(spec: Readonly<Record<string, object>>): object {
  return exactly({
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: {
      type: 'object',
      required: ['name', 'labels'],
      additionalProperties: false,
      properties: {
        name: { type: 'string', pattern: '^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$', maxLength: 253 },
        namespace: { type: 'string' },
        labels: strings(),
        annotations: strings(),
      },
    },
    spec: exactly(spec),
  });
}

function acl(): object {
  const types = ['topic', 'group', 'cluster', 'transactionalId'];
  const operations = [
    ...['Read', 'Write', 'Create', 'Delete', 'Alter', 'Describe', 'ClusterAction', 'AlterConfigs'],
    ...['DescribeConfigs', 'IdempotentWrite', 'All'],
  ];
  return exactly({
    resource: exactly({
      type: { enum: types },
      name: { type: 'string' },
      patternType: { enum: ['literal', 'prefix'] },
    }),
    operations: listOf({ enum: operations }),
  });
}

function selector(): object {
  return exactly({ matchLabels: strings() });
}

function ports(more: Readonly<Record<string, object>>): object {
  const port = exactly({ port: { type: 'string' }, protocol: { enum: ['TCP', 'UDP', 'SCTP', 'ANY'] } });
  return listOf(exactly({ ports: listOf(port), ...more }));
}

function dnsRules(): object {
  return exactly({ dns: listOf(exactly({ matchPattern: { type: 'string' } })) });
}

function hostName(): object {
  return { type: 'string', format: 'hostname' };
}

function strings(): object {
  return { type: 'object', additionalProperties: { type: 'string' } };
}

function listOf(items: object): object {
  return { type: 'array', minItems: 1, items };
}

/** All of these properties and no others. */
function exactly(properties: Readonly<Record<string, object>>): object {
  return { type: 'object', required: Object.keys(properties), additionalProperties: false, properties };
}
