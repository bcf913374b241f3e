import kafkajs, { type Kafka, type KafkaConfig, type logCreator, type SASLOptions } from 'kafkajs';

/** How to reach the brokers. */
export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl: false | { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
}

/** A client with every default of the library that could surprise set by hand. */
export function createKafka(settings: KafkaSettings, logCreator: logCreator): Kafka {
  const { ssl, sasl, brokers, clientId } = settings;
  const config: KafkaConfig = {
    clientId,
    brokers: [...brokers],
    connectionTimeout: 5_000,
    authenticationTimeout: 10_000,
    requestTimeout: 30_000,
    enforceRequestTimeout: true,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5, factor: 0.2, multiplier: 2 },
    logCreator,
    ssl: ssl === false ? false : tls(ssl),
  };
  if (sasl !== undefined) config.sasl = { ...sasl } as SASLOptions;
  return new kafkajs.Kafka(config);
}

function tls(ssl: Exclude<KafkaSettings['ssl'], false>): NonNullable<KafkaConfig['ssl']> {
  return {
    rejectUnauthorized: true,
    ...(ssl.ca && { ca: [ssl.ca] }),
    ...(ssl.cert && { cert: ssl.cert }),
    ...(ssl.key && { key: ssl.key }),
  };
}

/** The protocol's name for what went wrong, however often kafkajs has wrapped it; `undefined` where there is none. */
export function errorType(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('type' in error && typeof error.type === 'string') return error.type;
  const [first] = 'errors' in error && Array.isArray(error.errors) ? (error.errors as unknown[]) : [];
  return errorType(first) ?? errorType(error.cause);
}

/** What the words of an error ask of an operator; the first that fits. */
const BROKER_REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/^SASL/, 'check KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD_FILE'],
  [/alert/, 'the brokers do not take our certificate: check KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE'],
  [/expired|not yet valid/, "renew the broker's certificate, and check the clock of this machine"],
  [/altnames/, 'name the brokers in KAFKA_BROKERS and in their advertised.listeners as their certificates do'],
  [/certificate/, "set KAFKA_SSL_CA_FILE to the authority that signed the brokers' certificates"],
  [
    /group coordinator/,
    'check that this user may read the group KAFKA_GROUP_ID (READ on GROUP), and that its coordinator is up',
  ],
  [
    /Closed connection|before secure TLS|SSL routines/,
    'check that KAFKA_BROKERS are up, and that KAFKA_SSL and KAFKA_SASL_* are what these listeners ask for',
  ],
];

/** What an operator can do where no broker serves us. */
export function brokerRemedy(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  const known = BROKER_REMEDIES.find(([words]) => words.test(message));
  return known?.[1] ?? 'check KAFKA_BROKERS and that they are up';
}

/** Why a coordinator does not let this member into the group. */
export function refusalOf(error: unknown): 'taken' | 'forbidden' {
  return errorType(error) === 'GROUP_AUTHORIZATION_FAILED' ? 'forbidden' : 'taken';
}

const UNREACHABLE = [
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSLockTimeout',
];

/** Whether a broker could not be reached, however often kafkajs has wrapped that; it says nothing of what was asked. */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return UNREACHABLE.includes(error.name) || isUnreachable(error.cause);
}

/** Whether the coordinator says that this member's generation has passed: it must give up what it holds. */
export function isGenerationOver(error: unknown): boolean {
  return ['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'].includes(errorType(error) ?? '');
}
