import type { GroupNote } from '../../kafka/kafkajs/group-note.ts';

/** The run that may close letters of a group, one at a time. */
export interface Holder {
  /** Who started it, as `<user>@<host>`. */
  readonly by: string;
  /** What it does, and which run it is. */
  readonly run: string;
  /** Epoch milliseconds: without a word until then, it is taken for dead. */
  readonly until: number;
}

/** Another run holds the group's dead letters. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** A run that was killed blocks the next one for so long, in milliseconds. */
const LEASE_MS = 15_000;
const RENEWED_EVERY_MS = 3_000;

/**
 * Does a task while no other run does one for the same group. A second run is refused by name at once. Two that begin in the
 * same instant both pass; the ids of their transactions see to it that only the later one writes, and the other is told
 * by `lost`.
 *
 * @param now epoch milliseconds
 * @throws Refused where another run is under way
 */
export async function guarded<T>(
  note: GroupNote,
  me: Omit<Holder, 'until'>,
  now: () => number,
  task: (lost: AbortSignal) => Promise<T>,
): Promise<T> {
  const other = readHolder(await note.read());
  if (other !== undefined && other.until > now()) throw new Refused(inTheWay(other));
  const lost = new AbortController();
  const mine = (): Promise<void> => note.write(JSON.stringify({ ...me, until: now() + LEASE_MS }));
  const renew = async (): Promise<void> => {
    const holder = readHolder(await note.read());
    if (holder !== undefined && holder.run !== me.run) lost.abort(new Refused(`taken over: ${inTheWay(holder)}`));
    else await mine();
  };
  await mine();
  let renewing = renew();
  // Brokers that do not answer now may answer the next time; the lease is longer than a few of these.
  const timer = setInterval(() => {
    renewing = renewing.then(renew).catch(() => undefined);
  }, RENEWED_EVERY_MS);
  try {
    await renewing;
    lost.signal.throwIfAborted();
    return await task(lost.signal);
  } finally {
    clearInterval(timer);
    await renewing.catch(() => undefined);
    if (!lost.signal.aborted) await note.write('').catch(() => undefined);
  }
}

function inTheWay({ by, run, until }: Holder): string {
  return (
    `another run is under way: ${run}, started by ${by}; wait for its end ` +
    `(should it have been killed: until ${new Date(until).toISOString()})`
  );
}

function readHolder(text: string): Holder | undefined {
  if (text === '') return undefined;
  const { by, run, until } = JSON.parse(text) as Partial<Holder>;
  return typeof by === 'string' && typeof run === 'string' && typeof until === 'number'
    ? { by, run, until }
    : undefined;
}
