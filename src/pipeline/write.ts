import type { OutgoingRecord } from '../core/record.ts';
import type { ProduceTarget } from './facts.ts';
import { LeftUnsettled, NotAllowed, type Ownership, type Ports, type Written } from './ports.ts';
import { untilDoneFor } from './waiting.ts';
import type { Work } from './work.ts';

/** What is written for, where to, and how long it is tried. */
export interface Writing {
  readonly target: ProduceTarget;
  readonly work: Work;
  readonly ports: Ports;
  readonly ownership: Ownership;
  /** Aborted when it is given up: what writes then throws `Abandoned`. */
  readonly until: AbortSignal;
}

/** Writes until it is written, or known to be too large for its topic. */
export function write(outgoing: OutgoingRecord, writing: Writing): Promise<Written> {
  return untilWritten(() => writeOnce(outgoing, writing), writing);
}

/** Writes until it is written. A topic that it is too large for is waited for, until somebody lets it take more. */
export function writeAnyhow(outgoing: OutgoingRecord, writing: Writing): Promise<{ readonly offset: number }> {
  return untilWritten(async () => {
    const written = await writeOnce(outgoing, writing);
    if (written !== 'too_large') return written;
    throw new Error(`${outgoing.topic} takes not even the smallest record there is: raise its max.message.bytes`);
  }, writing);
}

/**
 * Writes the first version that is not too large for its topic, the one with most of the record coming first. The last one
 * is written anyhow.
 *
 * @returns the version that was written
 */
export async function writeLargest<V extends { readonly record: OutgoingRecord }>(
  [version, next, ...others]: readonly [V, ...V[]],
  writing: Writing,
): Promise<V> {
  if (next === undefined) {
    await writeAnyhow(version.record, writing);
    return version;
  }
  const written = await write(version.record, writing);
  return written === 'too_large' ? writeLargest([next, ...others], writing) : version;
}

function writeOnce(outgoing: OutgoingRecord, { target, ports, ownership }: Writing): Promise<Written> {
  return ports.publish(target, outgoing, () => ownership.assertHeld(false));
}

/** What may not be written is given up when partitions are to be handed over: nobody can, until somebody allows it. */
function untilWritten<T>(task: () => Promise<T>, { target, work, ports, ownership, until }: Writing): Promise<T> {
  const { record } = work;
  const failed = (error: unknown): void => {
    ports.observe({ kind: 'waiting', for: target, record, error });
    if (error instanceof NotAllowed && ownership.closing.aborted) throw new LeftUnsettled();
  };
  return untilDoneFor(record, 'produce', ports.waits, task, failed, until);
}
