import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the service writes to without being asked; both are written to without waiting for a reader. */
export const STANDARD_STREAMS: readonly Writable[] = [process.stdout, process.stderr];

/** Lines that wait for their reader take no more than this, in bytes. */
const MOST_WAITING = 1024 * 1024;

/** So long a line waits for others, in milliseconds: written one at a time, each wakes the reader, who takes the processor. */
const GATHER_MS = 10;

/** Where a log writes. */
export interface Destination {
  write(line: string): void;
  /** What waits for others is written now. */
  flush(): void;
}

/**
 * Writes lines to standard output, those of 10 ms at once, and never waits for who reads them: what cannot be written then
 * waits, up to a bound, and past that it is dropped. A reader who has gone is a reader who takes nothing.
 *
 * @param dropped told of each line that nobody will read
 */
export function logDestination(dropped: () => void, stream: Writable = process.stdout): Destination {
  neverWait(stream);
  const told = (error?: Error | null): void => {
    if (error) dropped();
  };
  let gathering: NodeJS.Timeout | undefined;
  const flush = (): void => {
    if (gathering === undefined) return;
    clearTimeout(gathering);
    gathering = undefined;
    stream.uncork();
  };
  return {
    write: (line) => {
      if (stream.writableLength + line.length > MOST_WAITING) {
        dropped();
        return;
      }
      if (gathering === undefined) {
        stream.cork();
        gathering = setTimeout(flush, GATHER_MS);
      }
      stream.write(line, told);
    },
    flush,
  };
}

/**
 * Lets writing to a stream neither block nor fail. Node writes to pipes and sockets without blocking, but to a terminal by
 * waiting for it, unless its handle is told otherwise; Node has no public name for that. Files are always taken as quick.
 */
export function neverWait(stream: Writable): void {
  stream.on('error', () => undefined);
  if (!('isTTY' in stream && '_handle' in stream)) return;
  (stream._handle as { setBlocking?(blocking: boolean): void } | null)?.setBlocking?.(false);
}

/** Resolves when all that waits in the streams was taken, or could not be, and after `withinMs` at the latest. */
export async function flushed(streams: readonly Writable[], withinMs: number): Promise<void> {
  const taken = streams
    .filter(({ writableLength }) => writableLength > 0)
    .map((stream) => new Promise((resolve) => stream.write('', resolve)));
  if (taken.length > 0) await Promise.race([Promise.all(taken), sleep(withinMs)]);
}
