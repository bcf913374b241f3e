import { constants } from 'node:os';
import { inspect } from 'node:util';

/** Ends something; resolves, or returns, when it has ended. */
export type End = () => unknown;

/** What has to be ended before a program may end. */
export interface Ends {
  /** Remembers how to end something; the newest is ended first. */
  readonly onEnd: (end: End) => void;
  /** Ends everything remembered since it was last called; what fails is printed and stops nothing else. */
  readonly close: () => Promise<void>;
}

/** Begins to gather ends. */
export function gatherEnds(): Ends {
  const ends: End[] = [];
  return {
    onEnd: (end) => void ends.push(end),
    close: async () => {
      for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
        try {
          await end();
        } catch (error) {
          process.stderr.write(`${inspect(error)}\n`);
        }
      }
    },
  };
}

/**
 * A signal that asks this process to end first closes, then ends it: with 128 and the signal's number.
 *
 * @returns passes a failure on, unless a signal has come: what fails since then fails for that, and waits for the end
 */
export function closeOnSignal(close: () => Promise<void>): (error: unknown) => Promise<never> {
  let isEnding = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      isEnding = true;
      void close().then(() => process.exit(128 + constants.signals[signal]));
    });
  }
  return async (error) => {
    if (isEnding) await new Promise(() => undefined);
    throw error;
  };
}
