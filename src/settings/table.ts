import { z } from 'zod';
import * as kinds from './kinds.ts';

/** One environment variable: how it is read, what holds where it is not set, and what it means. */
export interface Setting<T> {
  readonly schema: z.ZodType<T, string>;
  /** For the reference; Markdown. */
  readonly meaning: string;
  readonly absent:
    | { readonly kind: 'default'; readonly text: string }
    | { readonly kind: 'unset' }
    /** `example` tells who has to set it what to write. */
    | { readonly kind: 'required'; readonly example: string };
}

function schemaOf<T>(kind: kinds.Kind<T>): z.ZodType<T, string> {
  return z.string().transform((text, context) => {
    const value = kind(text);
    if (!(value instanceof kinds.Wrong)) return value;
    context.addIssue({ code: 'custom', message: value.message });
    return z.NEVER;
  });
}

function required<T>(kind: kinds.Kind<T>, example: string, meaning: string): Setting<T> {
  return { schema: schemaOf(kind), meaning, absent: { kind: 'required', example } };
}

function preset<T>(kind: kinds.Kind<T>, text: string, meaning: string): Setting<T> {
  return { schema: schemaOf(kind), meaning, absent: { kind: 'default', text } };
}

function optional<T>(kind: kinds.Kind<T>, meaning: string): Setting<T | undefined> {
  return { schema: schemaOf(kind), meaning, absent: { kind: 'unset' } };
}

const { boolean, duration, integer, matching, oneOf } = kinds;

const name = matching(/^[\x20-\x7e]{1,249}$/, 'a name; use 1 to 249 printable ASCII characters');
const clientId = matching(/^[\x21-\x7e]{1,128}$/, 'a client id; use 1 to 128 printable ASCII characters, no spaces');
const host = matching(/^[a-zA-Z0-9.:_-]+$/, 'a host; write an address to listen on, such as 0.0.0.0');
const directory = matching(/^\P{Cc}+$/u, 'a path; write the path of a directory');

/** Epoch milliseconds. */
const instant: kinds.Kind<number> = (text) =>
  z.iso.datetime({ offset: true }).safeParse(text).success
    ? Date.parse(text)
    : kinds.wrong(text, 'is not a time; write ISO 8601 with its zone, such as 2026-11-22T10:00:00Z');

/** Every setting there is. Parsing, defaults and the reference come from here and from nowhere else. */
export const SETTINGS = {
  KAFKA_BROKERS: required(kinds.brokers, 'broker-1:9092,broker-2:9092', 'comma-separated `host:port`'),
  KAFKA_GROUP_ID: preset(name, 'payment-notifier', 'consumer group'),
  KAFKA_CLIENT_ID: preset(name, 'payment-notifier', 'how the brokers know this client'),
  KAFKA_SESSION_TIMEOUT: preset(
    duration('1s', '30m'),
    '30s',
    "after this silence a member's partitions go to others; heartbeats every tenth of it; " +
      'longer than `GATEWAY_TIMEOUT` + 5 s',
  ),
  KAFKA_SSL: preset(boolean, 'false', 'TLS to the brokers'),
  KAFKA_SSL_CA_FILE: optional(kinds.file, 'the authority of the brokers, PEM, trusted instead of the public ones'),
  KAFKA_SSL_CERT_FILE: optional(kinds.file, 'client certificate, PEM; only with `KAFKA_SSL_KEY_FILE`'),
  KAFKA_SSL_KEY_FILE: optional(kinds.secretFile, 'its private key, PEM'),
  KAFKA_SASL_MECHANISM: optional(
    oneOf('plain', 'scram-sha-256', 'scram-sha-512'),
    '`plain`, `scram-sha-256`, `scram-sha-512`; the three `KAFKA_SASL_*` only together',
  ),
  KAFKA_SASL_USERNAME: optional(name, 'user at the brokers'),
  KAFKA_SASL_PASSWORD_FILE: optional(kinds.secret, 'file with the password'),
  SOURCE_TOPIC: preset(kinds.topicName, 'payment-final', 'the events; retry and dead-letter topics are named after it'),
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
  SCHEMA_REGISTRY_URL: required(kinds.registryUrl, 'https://registry:8081', 'Confluent API; a path in it is kept'),
  SCHEMA_REGISTRY_USERNAME: optional(name, 'user at the registry; only with the password'),
  SCHEMA_REGISTRY_PASSWORD_FILE: optional(kinds.secret, 'file with the password'),
  GATEWAY_URL: required(
    kinds.gatewayUrl,
    'https://open-sea-global.alipayplus.com',
    '`https://…`, without query or fragment; `http:` only for loopback hosts',
  ),
  GATEWAY_CLIENT_ID: required(clientId, 'the client id of the gateway console', 'our id at the gateway'),
  GATEWAY_AGENT_TOKEN_FILE: optional(kinds.secret, 'file with the agent token, where one acts for an ACQP'),
  GATEWAY_CA_FILE: optional(kinds.file, 'extra CA for the gateway, PEM'),
  GATEWAY_TIMEOUT: preset(
    duration('10ms', '10m'),
    '5s',
    'one attempt, name look-up and connection included, to the last byte in',
  ),
  GATEWAY_MAX_IN_FLIGHT: preset(integer(1, 10_000), '64', 'requests at once, whole process'),
  GATEWAY_MAX_RATE: preset(integer(0, 1_000_000), '0', 'attempts per second, whole process; 0 = no cap'),
  SIGNING_KEYS_DIR: required(
    directory,
    '/etc/payment-notifier/signing-keys',
    'directory: `<keyVersion>.pem` private keys; file `active` names the version to sign with (absent: the highest)',
  ),
  GATEWAY_PUBLIC_KEYS_DIR: required(
    directory,
    '/etc/payment-notifier/gateway-keys',
    'directory: `<name>.pem` public keys of the gateway; an answer verified by any is good',
  ),
  RETRY_DELAYS: preset(kinds.retryTiers, '5s,30s,2m,10m,1h', 'one retry topic each; the last repeats'),
  RETRY_MAX_AGE: preset(
    duration('1ms', '90d'),
    '24h',
    'counted from the first attempt; then dead letter `retries_exhausted`',
  ),
  OUTAGE_HOLD_AFTER: preset(
    integer(0, 10_000),
    '20',
    'attempts in a row, for different payments, without a trustworthy result before a hold; 0 = never',
  ),
  HOLD_CODES: optional(kinds.codes, 'result codes of `F` that hold, beside the systemic ones'),
  TERMINAL_CODES: optional(kinds.codes, 'result codes of `F` that never hold: such a record is a dead letter'),
  ORDERING: preset(
    oneOf('partition', 'key'),
    'partition',
    '`partition`: one record of a partition at a time · `key`: records of different keys of a partition at once',
  ),
  KEY_CONCURRENCY: preset(integer(1, 1_000), '16', 'with `key`: records of one partition in flight at once'),
  OUTCOMES_TOPIC: optional(kinds.topicName, 'where set (the production overlay sets it): one record per final verdict'),
  REPLAY_BEFORE: optional(
    instant,
    'ISO 8601 with zone: records whose origin is older are replays: no part of objectives, counted apart',
  ),
  PAYMENT_TIME_OFFSET: preset(kinds.zoneOffset, '+00:00', 'zone in which `paymentTime` is written'),
  HTTP_HOST: preset(host, '0.0.0.0', 'where probes and metrics are served'),
  HTTP_PORT: preset(integer(0, 65_535), '9464', 'probes and metrics; 0 = any free port'),
  LOG_LEVEL: preset(
    oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    'info',
    '`fatal`, `error`, `warn`, `info`, `debug`, `trace`, `silent`',
  ),
  SHUTDOWN_TIMEOUT: preset(duration('10ms', '1h'), '25s', 'drain deadline; longer than `GATEWAY_TIMEOUT`'),
};

/** The name of a variable. */
export type SettingName = keyof typeof SETTINGS;

/** What each variable reads as. */
export type Values = {
  readonly [N in SettingName]: (typeof SETTINGS)[N] extends Setting<infer T> ? T : never;
};

const NAMES = Object.keys(SETTINGS) as SettingName[];
const PREFIXES = new Set(NAMES.map(prefix));

/**
 * The setting that a variable of one of our prefixes was probably meant to be: at most two letters off, or a secret not
 * given by file. `undefined` for a setting itself and for anything else.
 */
export function intendedSetting(variable: string): SettingName | undefined {
  if (variable in SETTINGS || !PREFIXES.has(prefix(variable))) return undefined;
  const byFile = NAMES.find((name) => name === `${variable}_FILE`);
  const [nearest] = NAMES.map((name) => ({ name, distance: editDistance(variable, name) }))
    .filter(({ distance }) => distance <= 2)
    .sort((a, b) => a.distance - b.distance);
  return byFile ?? nearest?.name;
}

function prefix(name: string): string {
  return name.split('_', 1)[0] ?? name;
}

/** Letters to insert, remove or replace to make `b` of `a`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let line = 0; line < a.length; line += 1) {
    const next = [line + 1];
    for (let column = 0; column < b.length; column += 1) {
      const replaced = (row[column] ?? 0) + (a[line] === b[column] ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
