import { Misconfigured } from '../core/misconfigured.ts';
import { systemicCodes, type SystemicCodes } from '../core/outcome.ts';
import type { RetryPolicy } from '../core/retry-policy.ts';
import { Topology } from '../core/topology.ts';
import type { KafkaSettings } from '../kafka/kafkajs/client.ts';
import type { RegistrySettings } from '../kafka/avro/registry.ts';
import { intendedSetting, SETTINGS, type SettingName, type Values } from './table.ts';

/** Everything the operator decided, checked. Durations in milliseconds. */
export interface Config {
  readonly kafka: KafkaSettings & { readonly groupId: string; readonly sessionTimeoutMs: number };
  readonly source: {
    readonly topic: string;
    readonly startFrom: 'earliest' | 'latest';
    readonly createTopics: boolean;
    readonly replicationFactor: number;
  };
  readonly registry: RegistrySettings;
  readonly gateway: {
    readonly url: URL;
    readonly clientId: string;
    readonly agentToken?: string;
    readonly ca?: Buffer;
    readonly timeoutMs: number;
    readonly maxInFlight: number;
    /** Attempts per second; 0 = no cap. */
    readonly maxRate: number;
  };
  readonly keys: { readonly signingDir: string; readonly gatewayDir: string };
  readonly retry: RetryPolicy;
  /** Attempts in a row; 0 = never. */
  readonly outageHoldAfter: number;
  readonly systemic: SystemicCodes;
  readonly ordering: 'partition' | 'key';
  readonly keyConcurrency: number;
  readonly outcomesTopic?: string;
  /** Epoch milliseconds. */
  readonly replayBefore?: number;
  /** Such as `+08:00`. */
  readonly timeOffset: string;
  readonly http: { readonly host: string; readonly port: number };
  readonly logLevel: Values['LOG_LEVEL'];
  readonly shutdownTimeoutMs: number;
}

/** What a lane may take beyond its request when partitions are given back: to settle and to commit. Milliseconds. */
export const BARRIER_MARGIN_MS = 5_000;

/** Reads the configuration and the files it names. Throws `Misconfigured` with every problem at once. */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const { values, problems } = readValues(env);
  problems.push(...contradictions(values, (name) => isSet(env, name)));
  if (problems.length > 0) throw new Misconfigured(problems);
  return toConfig(values as Values);
}

/** Reads only what it takes to write to the source topic. Throws `Misconfigured` with every problem at once. */
export function loadSourceConfig(env: NodeJS.ProcessEnv): Pick<Config, 'kafka' | 'source' | 'registry'> {
  const names = NAMES.filter((name) => /^(KAFKA|SCHEMA_REGISTRY|SOURCE|START|CREATE|TOPIC)_/.test(name));
  const { values, problems } = readValues(env, names);
  problems.push(...contradictions(values, (name) => names.includes(name) && isSet(env, name)));
  if (problems.length > 0) throw new Misconfigured(problems);
  return toSourceConfig(values as Values);
}

/** A line for each variable that is probably a misspelt setting; values are not looked at. */
export function configWarnings(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(env)
    .sort()
    .flatMap((name) => {
      const intended = intendedSetting(name);
      return intended === undefined ? [] : [`${name} is not a setting; did you mean ${intended}?`];
    });
}

const NAMES = Object.keys(SETTINGS) as SettingName[];

function isSet(env: NodeJS.ProcessEnv, name: SettingName): boolean {
  return (env[name] ?? '') !== '';
}

function readValues(env: NodeJS.ProcessEnv, names = NAMES): { values: Partial<Values>; problems: string[] } {
  const problems: string[] = [];
  const read = (name: SettingName): unknown => {
    const { schema, absent } = SETTINGS[name];
    const text = isSet(env, name) ? env[name] : absent.kind === 'default' ? absent.text : undefined;
    if (text === undefined) {
      if (absent.kind === 'required') problems.push(`${name} is required and not set; set it to ${absent.example}`);
      return undefined;
    }
    const result = schema.safeParse(text);
    if (!result.success) problems.push(...result.error.issues.map(({ message }) => `${name}: ${message}`));
    return result.data;
  };
  return { values: Object.fromEntries(names.map((name) => [name, read(name)])), problems };
}

/** What is wrong between settings. A value that could not be read is undefined here and contradicts nothing. */
function contradictions(values: Partial<Values>, given: (name: SettingName) => boolean): string[] {
  return [...timeLimits(values), ...topicNames(values), ...codesTwice(values), ...incomplete(values, given)];
}

function* timeLimits(values: Partial<Values>): Iterable<string> {
  const { GATEWAY_TIMEOUT: gateway, KAFKA_SESSION_TIMEOUT: session, SHUTDOWN_TIMEOUT: shutdown } = values;
  if (gateway === undefined) return;
  if (session !== undefined && gateway + BARRIER_MARGIN_MS >= session) {
    yield (
      `KAFKA_SESSION_TIMEOUT: ${seconds(session)} leaves no time to finish a request before a rebalance; ` +
      `make it more than GATEWAY_TIMEOUT + 5s = ${seconds(gateway + BARRIER_MARGIN_MS)}, or lower GATEWAY_TIMEOUT`
    );
  }
  if (shutdown !== undefined && shutdown <= gateway) {
    yield (
      `SHUTDOWN_TIMEOUT: ${seconds(shutdown)} would cut off a request in flight; ` +
      `make it more than GATEWAY_TIMEOUT = ${seconds(gateway)}, or lower GATEWAY_TIMEOUT`
    );
  }
}

function seconds(ms: number): string {
  return `${String(ms / 1_000)}s`;
}

const LONGEST_TOPIC_NAME = 249;

function* topicNames({ SOURCE_TOPIC: source, RETRY_DELAYS: tiers, OUTCOMES_TOPIC: outcomes }: Partial<Values>) {
  if (source === undefined) return;
  const topology = new Topology({ source, tiers: tiers ?? [] });
  const excess = Math.max(...topology.counterparts.map((topic) => topic.length)) - LONGEST_TOPIC_NAME;
  if (excess > 0) {
    yield (
      `SOURCE_TOPIC: its retry and dead-letter topics would have names of more than 249 characters; ` +
      `shorten it by ${String(excess)}`
    );
  }
  if (outcomes !== undefined && topology.roleOf(outcomes) !== 'other') {
    yield (
      `OUTCOMES_TOPIC: ${outcomes} is already the source, a retry or the dead-letter topic of SOURCE_TOPIC; ` +
      'name a topic of its own'
    );
  }
}

function* codesTwice({ HOLD_CODES: hold = [], TERMINAL_CODES: terminal = [] }: Partial<Values>): Iterable<string> {
  const both = hold.filter((code) => terminal.includes(code));
  if (both.length > 0) yield `HOLD_CODES: ${both.join(', ')} stands in TERMINAL_CODES too; leave it in one of them`;
}

/** Settings that make sense only together. */
function* incomplete({ KAFKA_SSL: ssl }: Partial<Values>, given: (name: SettingName) => boolean): Iterable<string> {
  for (const name of ['KAFKA_SSL_CA_FILE', 'KAFKA_SSL_CERT_FILE', 'KAFKA_SSL_KEY_FILE'] as const) {
    if (ssl === false && given(name)) yield `${name}: has no effect without TLS; set KAFKA_SSL=true or unset it`;
  }
  const together = [
    ['KAFKA_SSL_CERT_FILE', 'KAFKA_SSL_KEY_FILE'],
    ['KAFKA_SASL_MECHANISM', 'KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD_FILE'],
    ['SCHEMA_REGISTRY_USERNAME', 'SCHEMA_REGISTRY_PASSWORD_FILE'],
  ] as const;
  for (const names of together) {
    const present = names.filter(given);
    const missing = names.filter((name) => !given(name));
    if (present.length === 0 || missing.length === 0) continue;
    yield `${missing.join(', ')}: not set, but ${present.join(', ')} is; set all of them or none`;
  }
}

function toSourceConfig(values: Values): Pick<Config, 'kafka' | 'source' | 'registry'> {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD_FILE: password } = values;
  const sasl = mechanism && username && password ? { mechanism, username, password } : undefined;
  return {
    kafka: {
      brokers: values.KAFKA_BROKERS,
      groupId: values.KAFKA_GROUP_ID,
      clientId: values.KAFKA_CLIENT_ID,
      sessionTimeoutMs: values.KAFKA_SESSION_TIMEOUT,
      ssl: values.KAFKA_SSL && {
        ...field('ca', values.KAFKA_SSL_CA_FILE),
        ...field('cert', values.KAFKA_SSL_CERT_FILE),
        ...field('key', values.KAFKA_SSL_KEY_FILE),
      },
      ...field('sasl', sasl),
    },
    source: {
      topic: values.SOURCE_TOPIC,
      startFrom: values.START_FROM,
      createTopics: values.CREATE_TOPICS,
      replicationFactor: values.TOPIC_REPLICATION_FACTOR,
    },
    registry: {
      url: values.SCHEMA_REGISTRY_URL,
      ...field('username', values.SCHEMA_REGISTRY_USERNAME),
      ...field('password', values.SCHEMA_REGISTRY_PASSWORD_FILE),
    },
  };
}

function toConfig(values: Values): Config {
  return {
    ...toSourceConfig(values),
    gateway: {
      url: values.GATEWAY_URL,
      clientId: values.GATEWAY_CLIENT_ID,
      ...field('agentToken', values.GATEWAY_AGENT_TOKEN_FILE),
      ...field('ca', values.GATEWAY_CA_FILE),
      timeoutMs: values.GATEWAY_TIMEOUT,
      maxInFlight: values.GATEWAY_MAX_IN_FLIGHT,
      maxRate: values.GATEWAY_MAX_RATE,
    },
    keys: { signingDir: values.SIGNING_KEYS_DIR, gatewayDir: values.GATEWAY_PUBLIC_KEYS_DIR },
    retry: { tiers: values.RETRY_DELAYS, maxAgeMs: values.RETRY_MAX_AGE },
    outageHoldAfter: values.OUTAGE_HOLD_AFTER,
    systemic: systemicCodes(values.HOLD_CODES, values.TERMINAL_CODES),
    ordering: values.ORDERING,
    keyConcurrency: values.KEY_CONCURRENCY,
    ...field('outcomesTopic', values.OUTCOMES_TOPIC),
    ...field('replayBefore', values.REPLAY_BEFORE),
    timeOffset: values.PAYMENT_TIME_OFFSET,
    http: { host: values.HTTP_HOST, port: values.HTTP_PORT },
    logLevel: values.LOG_LEVEL,
    shutdownTimeoutMs: values.SHUTDOWN_TIMEOUT,
  };
}

/** `{ [name]: value }`, or nothing to spread where there is no value. */
function field<N extends string, T>(name: N, value: T | undefined): { readonly [K in N]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [K in N]?: T };
}
