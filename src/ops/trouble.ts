import { LOG_EVENTS, type Level } from './log-table.ts';

/** Only in case: nothing of these names is ever given to the log. */
export const REDACTED = [
  'headers',
  'signature',
  'password',
  'agentToken',
  'privateKey',
  'authorization',
  'sasl',
  'options',
];

/** A line that says that something is wrong, without what names a payment. */
export interface Trouble {
  readonly event: string;
  readonly detail: string;
  readonly remedy: string | null;
}

/** Whether a line of this level says that something is wrong. */
export function isTrouble(level: Level): boolean {
  return level === 'warn' || level === 'error';
}

/** Characters of a trouble's detail. */
const MOST_SHOWN = 500;

/** What stands beside the message anyway, or names a payment. */
const LEFT_OUT = ['event', 'remedy', 'paymentId', 'traceId', 'leftOut', ...REDACTED];

/** What a line of the log is, for who looks at the service instead of the log. */
export function troubleOf(event: string, message: string, line: Readonly<Record<string, unknown>>): Trouble {
  const { remedy } = { remedy: remedyOf(event), ...line };
  const about = Object.entries(line)
    .filter(([name]) => !LEFT_OUT.includes(name))
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const detail = about.length === 0 ? message : `${message} (${about.join(', ')})`;
  return { event, detail: detail.slice(0, MOST_SHOWN), remedy: typeof remedy === 'string' ? remedy : null };
}

/** What the table says to do, where it says the same in every case. */
function remedyOf(event: string): unknown {
  return (LOG_EVENTS as Readonly<Record<string, { readonly remedy: unknown } | undefined>>)[event]?.remedy;
}
