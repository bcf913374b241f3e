import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { Coverage } from './coverage.ts';
import { simulate, type Outcome } from './simulate.ts';
import { planLine, violationLines } from './tell.ts';

const PROGRESS_MS = 5_000;
const HIGHEST_SEED = 2 ** 31 - 1;

const HELP = `
A world follows from its seed to the last step: brokers, gateway, registry, members, faults, and the time that passes. The
same seed is the same world again, under a debugger too.

Examples:
  $ npm run test:simulation -- --seed 4711
  $ npm run test:simulation -- --seeds 1000
  $ npm run test:simulation -- --minutes 10 --seed 1

Exit codes: 0 every rule holds · 1 one does not, or a world comes to no end · 2 wrong usage
`;

interface Options {
  readonly seed?: number;
  readonly seeds?: number;
  readonly minutes?: number;
  readonly history: boolean;
}

const { seed, seeds, minutes, history } = readOptions();
process.exitCode = await run();

async function run(): Promise<number> {
  const first = seed ?? Math.floor(Math.random() * HIGHEST_SEED);
  const began = performance.now();
  const most = seeds ?? (minutes === undefined ? 1 : Infinity);
  const withinMs = (minutes ?? Infinity) * 60_000;
  const coverage = new Coverage();
  let [played, simulatedMs, toldAt] = [0, 0, began];
  for (; played < most && performance.now() - began < withinMs; played += 1) {
    const outcome = await simulate((first + played) % HIGHEST_SEED);
    simulatedMs += outcome.simulatedMs;
    coverage.add(outcome);
    if (history) for (const { atMs, who, what } of outcome.lines) console.log(`${atMs} ${who} ${what}`);
    if (most === 1 || outcome.violation !== undefined) tell(outcome);
    if (outcome.violation !== undefined) return 1;
    if (performance.now() - toldAt < PROGRESS_MS) continue;
    toldAt = performance.now();
    console.log(`${played + 1} worlds, ${minutesOf(simulatedMs)} simulated minutes in ${seconds(toldAt - began)}`);
  }
  const tookMs = performance.now() - began;
  console.log(`${coverage.table()}\n`);
  console.log(
    `${played} worlds from seed ${first}: ${minutesOf(simulatedMs)} simulated minutes in ${seconds(tookMs)}.`,
  );
  console.log('Every rule holds.');
  return 0;
}

function tell(outcome: Outcome): void {
  console.log(planLine(outcome));
  for (const line of violationLines(outcome)) console.log(line);
}

function minutesOf(ms: number): string {
  return (ms / 60_000).toFixed(1);
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function readOptions(): Options {
  const command = new Command('npm run test:simulation --')
    .description('Plays worlds in simulated time, each of them from its seed, and judges them at every step.')
    .option('--seed <n>', 'of the first world (default: another one each time)', whole(0, HIGHEST_SEED - 1))
    .option('--seeds <n>', 'how many worlds, one seed after the other (default: 1)', whole(1, 1_000_000))
    .option('--minutes <n>', 'play on for so long', number(0.1, 10_000))
    .option('--history', 'show everything that happens', false)
    .addHelpText('after', HELP)
    .showHelpAfterError('(--help shows what there is)')
    .exitOverride();
  try {
    command.parse();
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
    throw error;
  }
  return command.opts<Options>();
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`);
  };
}

function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text !== '' && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Write a number from ${least} to ${most}.`);
  };
}
