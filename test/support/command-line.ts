import { CommanderError, InvalidArgumentError, type Command } from 'commander';

/**
 * Reads this process's arguments into a command line. Where they ask for help the process ends with 0, where they are
 * wrong with 2, after saying why and where there is more to read.
 */
export function parseOrExit(command: Command): void {
  readOrExit(command, () => undefined);
}

/** The same, and what the command line means; what that finds wrong with `command.error` ends the process too. */
export function readOrExit<T>(command: Command, meaning: (command: Command) => T): T {
  try {
    return meaning(strict(command).parse());
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
    throw error;
  }
}

/** The command line so that it throws a `CommanderError` instead of ending the process. */
export function strict(command: Command): Command {
  return command.showHelpAfterError('(--help shows what there is)').exitOverride();
}

/** An option's value as a number within bounds, both included. */
export function numberFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text !== '' && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Write a number from ${least} to ${most}.`);
  };
}

/** An option's value as a whole number within bounds, both included. */
export function wholeFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`);
  };
}

/** An option's value as several, separated by commas, none of them twice. */
export function several<T>(one: (text: string) => T): (text: string) => readonly T[] {
  return (text) => [...new Set(text.split(',').map((part) => one(part.trim())))];
}

/** An option's value as one of a few words. */
export function oneOf<T extends string>(words: readonly T[]): (text: string) => T {
  return (text) => {
    const word = words.find((known) => known === text);
    if (word !== undefined) return word;
    throw new InvalidArgumentError(`Write one of: ${words.join(', ')}.`);
  };
}
