import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../core/exit-codes.ts';
import { Misconfigured } from '../../core/misconfigured.ts';
import { loadSections } from '../../settings/load.ts';
import type { Config, SectionName } from '../../settings/table.ts';
import { interruption, type Host } from './host.ts';
import { print, type Result } from './result.ts';
import type { Terminal } from './terminal.ts';

/** A command: how it is called, and what it does until it has an exit code. */
export interface CliCommand {
  /** One word, or the word of a group before it: `replay plan`. */
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** Declares arguments and options. */
  readonly usage?: (command: Command) => Command;
  /** What follows the options in the help: the settings it reads, and examples. */
  readonly help: string;
  /** @param args what commander hands an action: the arguments, then the options */
  readonly act: (args: readonly unknown[], host: Host) => Promise<ExitCode>;
}

/** What a task works with. */
export interface Task<O, S extends SectionName, A extends readonly unknown[] = readonly string[]> {
  readonly options: O;
  /** What stands on the command line beside the options, as the command declares it. */
  readonly args: A;
  readonly settings: Pick<Config, S>;
  /** Aborted when somebody wants it to end: it leaves things consistent, within a second, and returns what it did. */
  readonly signal: AbortSignal;
  readonly stdin: NodeJS.ReadableStream;
  readonly out: Terminal;
  readonly err: Terminal;
}

/** A command that does one thing and has a result. */
export interface TaskCommand<O, S extends SectionName, A extends readonly unknown[]> extends Omit<CliCommand, 'act'> {
  /** The sections of the settings it reads; it gets these and no others. */
  readonly sections: readonly S[];
  /** It works for long beside the service, and must not be felt there. */
  readonly givesWay?: true;
  /** @throws Misconfigured where something that was given has to be mended first */
  readonly run: (task: Task<O, S, A>) => Promise<Result>;
}

/** Longest time from the signal to the end of the process, in milliseconds; a margin below the second that is promised. */
const GRACE_MS = 900;

/**
 * The way of every command that does one thing: read its settings, work, print the result as text or with `--json`, tell
 * what went wrong on standard error, and have an exit code. A signal's code counts before any other.
 */
export function taskCommand<O, S extends SectionName, A extends readonly unknown[] = readonly string[]>({
  sections,
  givesWay,
  run,
  ...declared
}: TaskCommand<O, S, A>): CliCommand {
  return {
    ...declared,
    act: async (given, host) => {
      const { options, args } = split(given);
      const { out, err, stdin } = host;
      const interrupted = interruption(host);
      try {
        const settings = loadSections(host.env, sections);
        if (givesWay) host.giveWay();
        const working = run({
          ...{ options: options as O, args: args as unknown as A, settings },
          ...{ signal: interrupted.signal, stdin, out, err },
        });
        const result = await Promise.race([working, graceAfter(interrupted.signal)]);
        if (result !== undefined) print(result, 'json' in options, out);
        return interrupted.by === undefined ? EXIT[result?.exit ?? 'done'] : EXIT[interrupted.by];
      } catch (error) {
        for (const line of reasons(error, interrupted.signal)) err.line(`payment-notifier ${declared.name}: ${line}`);
        if (interrupted.by !== undefined) return EXIT[interrupted.by];
        return error instanceof Misconfigured ? EXIT.misconfigured : EXIT.failed;
      } finally {
        interrupted.end();
      }
    },
  };
}

/** Commander hands an action its arguments, the options and the command. */
function split(given: readonly unknown[]): { options: object; args: readonly unknown[] } {
  return { options: given.at(-2) as object, args: given.slice(0, -2).flat() };
}

/** Resolves with nothing where what was asked to end has not ended in time. */
async function graceAfter(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  await sleep(GRACE_MS);
}

/** Never an error as Node prints it: libraries hang requests on theirs, with their headers. */
function reasons(error: unknown, signal: AbortSignal): readonly string[] {
  if (signal.aborted && error instanceof Error && error.name === 'AbortError') return [];
  if (error instanceof Misconfigured) return error.problems;
  return [error instanceof Error ? error.message : 'ended for an unknown reason'];
}
