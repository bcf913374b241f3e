import { cut } from './error-fields.ts';
import type { Tell } from './log-table.ts';
import { createThrottle } from './throttle.ts';

/** A line of the Kafka client's own log. */
export interface KafkaLogEntry {
  readonly namespace: string;
  /** 1 error, 2 warning, 4 information, 5 debugging. */
  readonly level: number;
  readonly log: { readonly message: unknown };
}

const ERROR = 1;
const WARN = 2;

/**
 * Parts of the client that report as an error what they try again by themselves. The service's own facts, probes and
 * metrics tell what comes of it.
 */
const RETRYING = new Set(['Connection', 'BrokerPool', 'Cluster', 'Runner', 'ConsumerGroup', 'RequestQueue']);

/**
 * The client's `logCreator`: its errors as warnings, at most one per part in 30 s; errors of parts that try again, and
 * its warnings, for debugging only. Only messages pass, never the objects beside them.
 *
 * @param now milliseconds
 */
export function kafkaLogCreator(
  { tell }: { readonly tell: Tell },
  now: () => number = Date.now,
): () => (entry: KafkaLogEntry) => void {
  const throttle = createThrottle(30_000, now);
  return () =>
    ({ namespace, level, log: { message } }) => {
      const fields = { part: namespace, detail: text(message) };
      if (level === WARN || (level === ERROR && RETRYING.has(namespace))) {
        tell('kafka_client', 'debug', 'the Kafka client reports', fields);
      } else if (level === ERROR) {
        const pass = throttle(namespace);
        if (pass !== undefined)
          tell('kafka_client', 'warn', 'the Kafka client reports an error', { ...fields, ...pass });
      }
    };
}

/** Some of the client's parts log an `Error` in the place of its message. */
function text(message: unknown): string {
  const whole = message instanceof Error ? message.message : typeof message === 'string' ? message : 'no message';
  return cut(whole);
}
