import { Misconfigured } from '../../core/misconfigured.ts';
import type { GroupState } from '../../kafka/kafkajs/group-offsets.ts';
import type { Extent } from './extent.ts';
import type { GroupOffset } from './offsets-file.ts';

/** What a reset does to one partition. */
export interface Move {
  readonly partition: number;
  /** The committed offset; `undefined` where there is none. */
  readonly before: number | undefined;
  readonly after: number;
}

/** Throws `Misconfigured` unless nobody is in the group: members would go on from where they are, and commit that. */
export function assertNobodyIn(groupId: string, { state, members }: GroupState): void {
  if (state === 'Empty' || state === 'Dead') return;
  const who = members.length === 0 ? `it is ${state}` : `${members.length} members: ${members.join(', ')}`;
  throw new Misconfigured([
    `group ${groupId} is in use (${who}); stop the service, wait until the group is empty, and reset it then`,
  ]);
}

/** The group goes back to the beginning of the range in each of its partitions. */
export function movesTo(extents: readonly Extent[], committed: ReadonlyMap<number, { offset: number }>): Move[] {
  return extents.map(({ partition, from }) => ({ partition, before: committed.get(partition)?.offset, after: from }));
}

/**
 * The group goes to the offsets of a file.
 *
 * Throws `Misconfigured` for offsets of other topics, and for those that their partition does not have.
 *
 * @param whole every partition of the source, from its first offset to before its end
 */
export function movesFrom(
  offsets: readonly GroupOffset[],
  source: string,
  whole: readonly Extent[],
  committed: ReadonlyMap<number, { offset: number }>,
): Move[] {
  const problems: string[] = [];
  for (const { topic, partition, offset } of offsets) {
    const extent = whole.find((one) => one.partition === partition);
    if (topic !== source) problems.push(`--import: ${topic} is not ${source}; leave other topics out of the file`);
    else if (extent === undefined) problems.push(`--import: ${source} has no partition ${partition}; leave it out`);
    else if (offset < extent.from || offset > extent.to) {
      problems.push(
        `--import: ${source}:${partition} has the offsets ${extent.from} to ${extent.to}, not ${offset}; choose one of them`,
      );
    }
  }
  if (problems.length > 0) throw new Misconfigured(problems);
  return offsets.map(({ partition, offset }) => ({
    partition,
    before: committed.get(partition)?.offset,
    after: offset,
  }));
}

/** What the moves mean, a sentence each: what is sent again, and what would never be sent. */
export function consequences(moves: readonly Move[], waiting: number): string[] {
  const again = moves.reduce((sum, { before = 0, after }) => sum + Math.max(0, before - after), 0);
  const skipped = moves.reduce((sum, { before, after }) => sum + Math.max(0, after - (before ?? after)), 0);
  return [
    `${again} offsets are read again, and their payments told again.`,
    ...(waiting > 0
      ? [`${waiting} of these events wait in retry topics: they are sent from there, once, and not for the reset.`]
      : []),
    ...(skipped > 0 ? [`${skipped} offsets are passed over: their payments are NOT told, by nobody.`] : []),
  ];
}
