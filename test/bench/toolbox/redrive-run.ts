import type { CommandRun } from '../../support/command.ts';
import { until } from '../../support/until.ts';
import type { World } from '../../support/world.ts';
import { assertEnded, operate } from './ground.ts';

/** A redrive that somebody has started. */
export type RedriveRun = ReturnType<typeof redrive>;

/** Starts a redrive. */
export function redrive(world: World, ...args: readonly string[]): ReturnType<typeof operate> {
  return operate(world, 'dead-letters', 'redrive', '--yes', ...args);
}

/** Whether it was refused because another run is under way. */
export function isRefused({ code, errors }: CommandRun): boolean {
  return code === 1 && errors.includes('another run is under way');
}

/** Starts redrives until one is let in, and gives it when it has begun to send: one that was killed blocks for a while. */
export async function sendingRedrive(world: World, ...args: readonly string[]): Promise<RedriveRun> {
  // When it begins it ends what the one before left open, and the marks of that take an offset of each partition.
  const begun = (await deadLetterEnd(world)) + world.partitions;
  return until('a redrive that is let in', async () => {
    const run = redrive(world, ...args);
    let end: CommandRun | undefined;
    void run.ended.then((ended) => (end = ended));
    await until('letters to be sent', async () => end !== undefined || (await deadLetterEnd(world)) > begun);
    if (end === undefined) return run;
    if (!isRefused(end)) assertEnded(end);
    return undefined;
  });
}

/** What closes a letter is written behind it. */
async function deadLetterEnd(world: World): Promise<number> {
  const ends = await world.admin.fetchTopicOffsets(world.topic('dead-letter'));
  return ends.reduce((sum, { high }) => sum + Number(high), 0);
}
