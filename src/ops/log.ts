import { pino, type DestinationStream, type LevelWithSilent } from 'pino';
import type { Observe } from '../pipeline/ports.ts';
import { errorFields } from './error-fields.ts';
import { handling } from './fact-handlers.ts';
import { sentences } from './log-sentences.ts';
import type { Level, Tell } from './log-table.ts';
import { createThrottle } from './throttle.ts';
import { isTrouble, REDACTED, troubleOf, type Trouble } from './trouble.ts';

type LogLine = Readonly<Record<string, unknown>>;

/**
 * What stands beside a message of no event. An `Error` is written as its type, message and code; give no other objects of
 * libraries. A line with an event goes through `tell`.
 */
export type LogFields = LogLine & { readonly event?: never };

/** Writes a line that is of no event: about starting, or for debugging. */
export type Write = (message: string, fields?: LogFields) => void;

/** The log of one process: JSON lines, one wide line per attempt, and silence while all is well. */
export interface Log extends Readonly<Record<Level, Write>> {
  readonly observe: Observe;
  readonly tell: Tell;
}

/** How a log is made. */
export interface LogOptions {
  readonly level: LevelWithSilent;
  /** Where lines go; where it gathers them, those of attempts wait for others. */
  readonly stream: DestinationStream & { flush?(): void };
  /** Epoch milliseconds. */
  readonly now?: () => number;
  /** Hears of each warning and error that is written. */
  readonly onTrouble?: (trouble: Trouble) => void;
  /** Stands in every line, beside the service's name. */
  readonly marks?: Readonly<Record<string, boolean>>;
}

/** The one that is told of with every request. */
const FREQUENT = 'attempt';
/** How long the same kind of trouble is left out after a line, in milliseconds. */
const QUIET_MS = 30_000;

/** Makes the log. Lines carry `level` as a word, `time` in ISO 8601 and `service`. */
export function createLog({ level, stream, now = Date.now, marks = {}, onTrouble = () => undefined }: LogOptions): Log {
  const logger = pino(
    {
      level,
      base: { service: 'payment-notifier', ...marks },
      timestamp: () => `,"time":"${new Date(now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: REDACTED,
    },
    stream,
  );
  const put = (level: Level, event: string, message: string | undefined, line: LogLine): void => {
    logger[level](line, message);
    if (event !== FREQUENT) stream.flush?.();
    if (isTrouble(level)) onTrouble(troubleOf(event, message ?? '', line));
  };
  const writer = (level: Level): Write => {
    return (message, fields = {}) => put(level, 'other', message, plain(fields));
  };
  const tell: Tell = (event, level, message, fields) => put(level, event, message, { event, ...fields });
  return {
    tell,
    observe: handling(sentences(tell, createThrottle(QUIET_MS, now))),
    debug: writer('debug'),
    info: writer('info'),
    warn: writer('warn'),
    error: writer('error'),
  };
}

/** `Error`s replaced by what of them may be written. */
function plain(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? errorFields(value) : value]),
  );
}
