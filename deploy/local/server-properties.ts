/** A broker's place in its cluster. */
export interface BrokerAddress {
  /** From 1. */
  readonly id: number;
  readonly port: number;
  readonly controllerPort: number;
}

/** A listener beside the plain one. */
export interface ListenerOptions {
  /** `127.0.0.1` by default. */
  readonly host?: '[::1]';
  readonly protocol: 'PLAINTEXT' | 'SSL' | 'SASL_SSL' | 'SASL_PLAINTEXT';
  /** Of this listener alone, as Kafka has them behind `listener.name.<name>.`. */
  readonly properties: Readonly<Record<string, string>>;
}

/** A listener in its place. */
export interface Listener extends ListenerOptions {
  readonly port: number;
}

/** What a broker's configuration is made from. */
export interface BrokerConfiguration {
  readonly self: BrokerAddress;
  /** Every broker of the cluster, this one included: each one is a controller as well. */
  readonly all: readonly BrokerAddress[];
  readonly dataFolder: string;
  /** Beside the plain one, by name in capital letters. */
  readonly listeners?: Readonly<Record<string, Listener>>;
  /** Win over everything else. */
  readonly overrides?: Readonly<Record<string, string>>;
}

/** The text of a broker's `server.properties`. */
export function serverProperties(configuration: BrokerConfiguration): string {
  const { all, listeners = {}, overrides } = configuration;
  const properties = {
    ...identity(configuration),
    ...ownProperties(listeners),
    ...replication(all.length),
    ...QUICK,
    ...LIMITS,
    ...overrides,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`)
    .join('');
}

function identity({ self, all, dataFolder, listeners = {} }: BrokerConfiguration): Record<string, string> {
  const more = Object.entries(listeners);
  return {
    'process.roles': 'broker,controller',
    'node.id': String(self.id),
    'controller.quorum.voters': all.map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`).join(','),
    listeners: [
      `PLAINTEXT://127.0.0.1:${self.port}`,
      `CONTROLLER://127.0.0.1:${self.controllerPort}`,
      ...more.map(([name, { host = '127.0.0.1', port }]) => `${name}://${host}:${port}`),
    ].join(','),
    'listener.security.protocol.map': [
      'PLAINTEXT:PLAINTEXT',
      'CONTROLLER:PLAINTEXT',
      ...more.map(([name, { protocol }]) => `${name}:${protocol}`),
    ].join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': dataFolder,
  };
}

function ownProperties(listeners: Readonly<Record<string, Listener>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(listeners).flatMap(([listener, { properties }]) =>
      Object.entries(properties).map(([name, value]) => [`listener.name.${listener.toLowerCase()}.${name}`, value]),
    ),
  );
}

/** As in production where there are three brokers: every record on all of them, and two must have it. */
function replication(brokers: number): Record<string, string> {
  const replicas = String(brokers);
  const minimum = String(Math.max(1, brokers - 1));
  return {
    'default.replication.factor': replicas,
    'min.insync.replicas': minimum,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': minimum,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': minimum,
    // A broker that is alone has nobody to hand its partitions to, and would wait for that.
    'controlled.shutdown.enable': String(brokers > 1),
  };
}

/** Small and quick to start, join and fail over. */
const QUICK = {
  'offsets.topic.num.partitions': '4',
  'transaction.state.log.num.partitions': '4',
  'share.coordinator.state.topic.num.partitions': '4',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '1000',
  'broker.heartbeat.interval.ms': '500',
  'broker.session.timeout.ms': '3000',
  'log.cleaner.dedupe.buffer.size': '4194304',
};

/** What the service must live within: no topic made by accident, and Kafka's own defaults for sizes. */
const LIMITS = {
  'auto.create.topics.enable': 'false',
  'message.max.bytes': '1048588',
  'offset.metadata.max.bytes': '4096',
};
