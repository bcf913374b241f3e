import type { Kafka, KafkaConfig, logCreator, SASLOptions } from 'kafkajs';
import { kafkajs } from './patched.ts';

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

/** How long brokers are waited for, in milliseconds, and how often they are asked again. */
export interface Patience {
  readonly connectionTimeout: number;
  readonly authenticationTimeout: number;
  readonly requestTimeout: number;
  readonly retries: number;
}

const PATIENCE = { connectionTimeout: 5_000, authenticationTimeout: 10_000, requestTimeout: 30_000, retries: 5 };

/** A client with every default of the library that could surprise set by hand. */
export function createKafka(
  settings: KafkaSettings,
  logCreator: logCreator,
  { retries, ...timeouts }: Patience = PATIENCE,
): Kafka {
  const { ssl, sasl, brokers, clientId } = settings;
  const config: KafkaConfig = {
    clientId,
    brokers: [...brokers],
    ...timeouts,
    enforceRequestTimeout: true,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries, factor: 0.2, multiplier: 2 },
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
