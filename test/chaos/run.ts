import { Command, Option } from 'commander';
import { startCluster } from '../../deploy/local/cluster.ts';
import { exitWithProblem } from '../../deploy/local/setup-error.ts';
import { numberFrom, parseOrExit, wholeFrom } from '../support/command-line.ts';
import { closeOnSignal, gatherEnds } from '../support/ends.ts';
import { installNodeUnderTest } from '../support/node-under-test.ts';
import { runChaos, usualPaces } from './chaos.ts';
import { holds, type RunOptions } from './figures.ts';
import { figuresTable, progressLine, violationLines } from './tell.ts';

const PROGRESS_MS = { terminal: 2_000, file: 15_000 };

const HELP = `
Everything is chosen from the seed: the events, what the gateway does with each, and which fault comes when. The clock is
not: two runs of one seed do the same and need not see the same.

Examples:
  $ npm run test:chaos -- --minutes 5
  $ npm run test:chaos -- --minutes 30 --brokers 3 --ordering key
  $ npm run test:chaos -- --minutes 30 --seed 20261123

Exit codes: 0 every invariant holds · 1 one does not, or something failed · 2 wrong usage, or something is missing on this
machine · 130 ended by Ctrl-C.
`;

await main().catch(exitWithProblem);

async function main(): Promise<void> {
  const options = readOptions();
  const { seed, minutes, brokers, ordering, rate } = options;
  const command = `npm run test:chaos -- --minutes ${minutes} --seed ${seed} --brokers ${brokers} --ordering ${ordering} --rate ${rate}`;
  console.log(`seed ${seed}; to repeat it: ${command}`);
  installNodeUnderTest();
  const cluster = await startCluster({ brokers });
  const { onEnd, close } = gatherEnds();
  onEnd(() => cluster.stop());
  const unlessEnding = closeOnSignal(close);
  const line = progressPrinter();
  try {
    const { figures, judgement, folder } = await runChaos(options, usualPaces(brokers), {
      ...cluster,
      command,
      onEnd,
      tell: (what) => line(`${new Date().toISOString().slice(11, 23)} ${what}`, true),
      onProgress: (progress) => line(progressLine(progress)),
    }).catch(unlessEnding);
    console.log(`\n${figuresTable(figures, judgement)}`);
    for (const violation of violationLines(judgement)) console.log(violation);
    const ok = holds(figures);
    console.log(ok ? 'Every invariant holds.' : `Not every invariant holds. Logs: ${folder}. To repeat it: ${command}`);
    process.exitCode = ok ? 0 : 1;
  } finally {
    await close();
  }
  process.exit();
}

function readOptions(): RunOptions {
  const command = new Command('npm run test:chaos --')
    .description('Breaks members, brokers, registry and gateway under load, and judges by what was seen outside.')
    .option('--minutes <n>', 'how long faults come; settling comes on top', numberFrom(0.2, 600), 5)
    .option('--seed <n>', 'of all choices (default: another one each time)', wholeFrom(0, 2 ** 32 - 1))
    .addOption(new Option('--brokers <n>', 'brokers to start').choices(['1', '3']).default('1'))
    .addOption(new Option('--ordering <by>', 'as in ORDERING').choices(['partition', 'key']).default('partition'))
    .option('--rate <n>', 'events a second, at most', numberFrom(1, 10_000), 200)
    .addHelpText('after', HELP);
  parseOrExit(command);
  const given = command.opts<{
    minutes: number;
    seed?: number;
    brokers: '1' | '3';
    ordering: 'partition' | 'key';
    rate: number;
  }>();
  return {
    ...given,
    seed: given.seed ?? Math.floor(Math.random() * 2 ** 31),
    brokers: given.brokers === '3' ? 3 : 1,
  };
}

/** On a terminal progress replaces itself; elsewhere it comes every quarter of a minute. What happened always shows. */
function progressPrinter(): (text: string, always?: boolean) => void {
  const terminal = process.stdout.isTTY;
  let last = 0;
  return (text, always = false) => {
    if (!always && Date.now() - last < (terminal ? PROGRESS_MS.terminal : PROGRESS_MS.file)) return;
    if (!always) last = Date.now();
    if (terminal) process.stdout.write(`\r\x1b[K${text}${always ? '\n' : ''}`);
    else console.log(text);
  };
}
