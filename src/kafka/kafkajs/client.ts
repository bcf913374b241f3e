import { connect, isIP } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { ISocketFactory, Kafka, KafkaConfig, logCreator, SASLOptions } from 'kafkajs';
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

/**
 * A client with every default of the library that could surprise set by hand.
 *
 * @param socketFactory how it connects: to the addresses of this machine's network, unless said otherwise
 */
export function createKafka(
  settings: KafkaSettings,
  logCreator: logCreator,
  { retries, ...timeouts }: Patience = PATIENCE,
  socketFactory = connecting(settings.ssl),
): Kafka {
  const { ssl, sasl, brokers, clientId } = settings;
  const config: KafkaConfig = {
    clientId,
    brokers: brokers.map(withoutColons),
    socketFactory,
    ...timeouts,
    enforceRequestTimeout: true,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries, factor: 0.2, multiplier: 2 },
    logCreator,
    ssl: ssl === false ? false : tls(ssl),
  };
  if (sasl !== undefined) config.sasl = { ...sasl } as SASLOptions;
  return new kafkajs.Kafka(config);
}

/** kafkajs takes `host:port` apart at its first colon, so an IPv6 address is given to it without any; `|` is in no host. */
function withoutColons(broker: string): string {
  return broker.replace(/^\[(.*)\]/, (_, address: string) => address.replaceAll(':', '|'));
}

const PROBED_AFTER_MS = 60_000;

/** As kafkajs itself connects, but for addresses without colons. */
function connecting(ssl: KafkaSettings['ssl']): ISocketFactory {
  const tlsOptions = ssl === false ? undefined : tls(ssl);
  return ({ host: given, port, onConnect }) => {
    const host = given.replaceAll('|', ':');
    const named = isIP(host) === 0 ? { servername: host } : {};
    const socket =
      tlsOptions === undefined
        ? connect({ host, port }, onConnect)
        : connectTls({ host, port, ...named, ...tlsOptions }, onConnect);
    return socket.setKeepAlive(true, PROBED_AFTER_MS);
  };
}

function tls(ssl: Exclude<KafkaSettings['ssl'], false>): ConnectionOptions {
  return {
    rejectUnauthorized: true,
    ...(ssl.ca && { ca: [ssl.ca] }),
    ...(ssl.cert && { cert: ssl.cert }),
    ...(ssl.key && { key: ssl.key }),
  };
}
