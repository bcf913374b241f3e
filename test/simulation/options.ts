import { Command, InvalidArgumentError } from 'commander';
import { numberFrom, readOrExit, wholeFrom } from '../support/command-line.ts';
import { allParts, numbersIn, unknownParts, type Parts } from './parts.ts';
import { wholeOf } from './whole.ts';

const HIGHEST_SEED = 2 ** 31 - 1;

const HELP = `
A world follows from its seed to the last step: brokers, gateway, registry, members, faults, and the time that passes. The
same seed is the same world again, under a debugger too. One that fails is played again with less and less in it, until
nothing can be left out; the last line is the command that plays what is left.

Examples:
  $ npm run test:simulation -- --seed 4711
  $ npm run test:simulation -- --seed 4711 --members 1 --events 3-5,9 --faults none
  $ npm run test:simulation -- --seeds 1000
  $ npm run test:simulation -- --minutes 10 --seed 1

Exit codes: 0 every rule holds · 1 one does not, or a world comes to no end · 2 wrong usage
`;

/** What is to be played. */
export type Options = {
  /** Whether a world that fails is played again with less in it. */
  readonly shrink: boolean;
} & (
  | { readonly kind: 'one'; readonly seed: number; readonly parts: Partial<Parts>; readonly history: boolean }
  | { readonly kind: 'many'; readonly first: number; readonly seeds: number; readonly minutes: number }
);

interface Given extends Partial<Parts> {
  readonly seed?: number;
  readonly seeds?: number;
  readonly minutes?: number;
  readonly history: boolean;
  readonly shrink: boolean;
}

/** The seed so many worlds after another one. */
export function seedAfter(first: number, worlds: number): number {
  return (first + worlds) % HIGHEST_SEED;
}

/** Ends the process where they are wrong, or where help was asked for. */
export function readOptions(): Options {
  const command = new Command('npm run test:simulation --')
    .description('Plays worlds in simulated time, each of them from its seed, and judges them at every step.')
    .option('--seed <n>', 'of the first world (default: another one each time)', wholeFrom(0, HIGHEST_SEED - 1))
    .option('--seeds <n>', 'how many worlds, from this seed on (default: one, in this thread)', wholeFrom(1, 1_000_000))
    .option('--minutes <n>', 'play for so long, on all cores', numberFrom(0.1, 10_000))
    .option('--members <numbers>', 'begin with these members only, such as 1,3', numbers)
    .option('--events <numbers>', 'write these events only, such as 1-4,7', numbers)
    .option('--faults <numbers>', 'make these faults only; none for none', numbers)
    .option('--history', 'show everything that happens in one world', false)
    .option('--no-shrink', 'tell of a world that fails, and leave it at that')
    .addHelpText('after', HELP);
  return readOrExit(command, meant);
}

function meant(command: Command): Options {
  const { seed, seeds, minutes, history, shrink, ...parts } = command.opts<Given>();
  const first = seed ?? Math.floor(Math.random() * HIGHEST_SEED);
  const isPart = Object.keys(parts).length > 0;
  if (seeds === undefined && minutes === undefined) {
    if (isPart && seed === undefined) command.error('error: parts are those of one world: name its --seed');
    const unknown = unknownParts(parts, allParts(wholeOf(first)));
    if (unknown.length > 0) command.error(`error: in the world of seed ${first} ${unknown.join(', ')}`);
    return { kind: 'one', shrink, seed: first, parts, history };
  }
  if (isPart || history) command.error('error: parts and a history are those of one world, not of many');
  return { kind: 'many', shrink, first, seeds: seeds ?? Infinity, minutes: minutes ?? Infinity };
}

function numbers(text: string): readonly number[] {
  const found = numbersIn(text);
  if (found === undefined) throw new InvalidArgumentError('Write numbers such as 1-4,7, or none.');
  return found;
}
