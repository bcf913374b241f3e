import type { CliCommand } from './common/command.ts';

/**
 * The commands, by the first word of their names, in the order in which help lists them. Each is loaded when it is called:
 * what all of them need together takes longer to load than most of them to do their work.
 */
const GROUPS: ReadonlyMap<string, () => Promise<readonly CliCommand[]>> = new Map([
  ['run', async () => [(await import('./run.ts')).run]],
  ['doctor', async () => [(await import('./doctor.ts')).doctor]],
  ['trace', async () => [(await import('./trace.ts')).trace]],
  ['inspect', async () => [(await import('./inspect.ts')).inspect]],
  [
    'dead-letters',
    async () => [
      (await import('./dead-letters/list.ts')).list,
      (await import('./dead-letters/show.ts')).show,
      (await import('./dead-letters/redrive.ts')).redrive,
      (await import('./dead-letters/discard.ts')).discard,
    ],
  ],
  [
    'replay',
    async () => [
      (await import('./replay/plan.ts')).replayPlan,
      (await import('./replay/run.ts')).replayRun,
      (await import('./replay/reset.ts')).replayReset,
    ],
  ],
  ['emit', async () => [(await import('./emit.ts')).emit]],
  ['simulate', async () => [(await import('./simulate.ts')).simulate]],
]);

/** Those that begin with this word; all of them where none does, so that somebody can be told what there is. */
export async function commandsFor(word: string | undefined): Promise<readonly CliCommand[]> {
  const own = GROUPS.get(word ?? '');
  const loaded = await Promise.all((own === undefined ? [...GROUPS.values()] : [own]).map((load) => load()));
  return loaded.flat();
}
