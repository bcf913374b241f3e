import { Command } from 'commander';
import { numberFrom, parseOrExit, wholeFrom } from '../support/command-line.ts';
import { Coverage, summaryOf, type Summary } from './coverage.ts';
import { playAll } from './fleet.ts';
import { simulate } from './simulate.ts';

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

const options = readOptions();
const first = options.seed ?? Math.floor(Math.random() * HIGHEST_SEED);
process.exitCode = options.seeds === undefined && options.minutes === undefined ? await playOne() : await playMany();
// A world that hangs would hold the process.
process.exit();

async function playOne(): Promise<number> {
  const outcome = await simulate(first);
  if (options.history) for (const { atMs, who, what } of outcome.lines) console.log(`${atMs} ${who} ${what}`);
  return tell(summaryOf(outcome));
}

async function playMany(): Promise<number> {
  const { seeds = Infinity, minutes = Infinity } = options;
  const began = performance.now();
  const coverage = new Coverage();
  let [given, played, simulatedMs, toldAt, code] = [0, 0, 0, began, 0];
  const isOver = (): boolean => code !== 0 || given >= seeds || performance.now() - began >= minutes * 60_000;
  await playAll({
    next: () => (isOver() ? undefined : (first + given++) % HIGHEST_SEED),
    told: (summary) => {
      coverage.add(summary);
      [played, simulatedMs] = [played + 1, simulatedMs + summary.simulatedMs];
      if (summary.wrong.length > 0) code = tell(summary);
      const now = performance.now();
      if (now - toldAt >= PROGRESS_MS) console.log(`${played} worlds, ${minutesOf(simulatedMs)} simulated minutes`);
      if (now - toldAt >= PROGRESS_MS) toldAt = now;
    },
  });
  console.log(`\n${coverage.table()}\n`);
  const took = ((performance.now() - began) / 1_000).toFixed(1);
  console.log(`${played} worlds from seed ${first} on: ${minutesOf(simulatedMs)} simulated minutes in ${took} s.`);
  if (code === 0) console.log('Every rule holds.');
  return code;
}

function tell({ line, wrong }: Summary): number {
  console.log([line, ...wrong].join('\n'));
  return wrong.length > 0 ? 1 : 0;
}

function minutesOf(ms: number): string {
  return (ms / 60_000).toFixed(1);
}

function readOptions(): Options {
  const command = new Command('npm run test:simulation --')
    .description('Plays worlds in simulated time, each of them from its seed, and judges them at every step.')
    .option('--seed <n>', 'of the first world (default: another one each time)', wholeFrom(0, HIGHEST_SEED - 1))
    .option('--seeds <n>', 'how many worlds, from this seed on (default: one, in this thread)', wholeFrom(1, 1_000_000))
    .option('--minutes <n>', 'play for so long, on all cores', numberFrom(0.1, 10_000))
    .option('--history', 'show everything that happens in one world', false)
    .addHelpText('after', HELP);
  parseOrExit(command);
  return command.opts<Options>();
}
