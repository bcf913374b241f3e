import { loadavg } from 'node:os';
import { Argument, Command } from 'commander';
import { startCluster } from '../../deploy/local/cluster.ts';
import { exitWithProblem } from '../../deploy/local/setup-error.ts';
import { thisProcess } from '../../src/cli/common/host.ts';
import { wholeNumber } from '../../src/cli/common/numbers.ts';
import { print } from '../../src/cli/common/result.ts';
import { Random } from '../chaos/random.ts';
import { parseOrExit } from '../support/command-line.ts';
import { closeOnSignal, gatherEnds } from '../support/ends.ts';
import { removeTemporaryFolders } from '../support/keys.ts';
import { installNodeUnderTest, nodeUnderTestVersion } from '../support/node-under-test.ts';
import type { Figure, Ground, Measured } from './toolbox/ground.ts';
import { measureRedrive } from './toolbox/redrive.ts';
import { measureReplay } from './toolbox/replay.ts';
import { measureStaleTransaction } from './toolbox/stale-transaction.ts';
import { measureTrace } from './toolbox/trace.ts';

interface Sizes {
  readonly records: number;
  readonly letters: number;
  readonly replayed: number;
  readonly replayRate: number;
  readonly liveRate: number;
  readonly alone: number;
  readonly seed: number;
}

const MEASUREMENTS = {
  trace: (ground, { records }) => measureTrace(ground, { records }),
  redrive: (ground, { letters }) => measureRedrive(ground, { letters }),
  transaction: (ground) => measureStaleTransaction(ground),
  replay: (ground, { alone: aloneS, ...sizes }) => measureReplay(ground, { ...sizes, aloneS }),
} satisfies Record<string, (ground: Ground, sizes: Sizes) => Promise<Measured>>;

type Name = keyof typeof MEASUREMENTS;

const HELP = `
  trace        time and memory of "trace" among many records
  redrive      "dead-letters redrive", killed three times and then finished; a second run that is refused meanwhile
  transaction  what a redrive that is killed within a transaction costs live retries
  replay       what "replay run" costs live events

Each on a real broker and registry, with the built service and commands as processes of their own on the Node that the
image ships. Figures depend on the machine and on what else it does: its load is told with them.

Examples:
  $ npm run bench:toolbox
  $ npm run bench:toolbox -- trace --records 100000
  $ npm run bench:toolbox -- redrive --letters 1000 --seed 7
  $ npm run bench:toolbox -- replay --replayed 5000 --alone 20

Exit codes: 0 every record was sent exactly once and in the order of its key, whatever the times are · 1 one was not, or
something failed · 2 wrong usage, or something is missing on this machine · 130 ended by Ctrl-C.
`;

await main().catch(exitWithProblem);

async function main(): Promise<void> {
  const { names, sizes } = readArguments();
  const { out, err } = thisProcess();
  const tell = (what: string): void => err.line(`${new Date().toISOString().slice(11, 19)} ${what}`);
  installNodeUnderTest();
  const cluster = await startCluster();
  const { onEnd, close } = gatherEnds();
  const unlessEnding = closeOnSignal(() => close().then(() => cluster.stop()));
  const figures: Figure[] = [];
  const violations: string[] = [];
  tell(`seed ${sizes.seed}, load ${load()}`);
  try {
    for (const name of names) {
      const { bootstrapServers, registryUrl } = cluster;
      const ground = {
        ...{ bootstrapServers, registryUrl, tell, random: new Random(sizes.seed, name) },
        onEnd,
        progress: (text: () => string) => err.progress(text),
      };
      const measured = await MEASUREMENTS[name](ground, sizes).catch(unlessEnding);
      await close();
      figures.push(...measured.figures);
      violations.push(...measured.violations);
      tell(`${name} is measured, load ${load()}`);
    }
  } finally {
    await close();
    await cluster.stop();
    removeTemporaryFolders();
    const rows = figures.map(({ name, measured, wanted }) => [name, measured, wanted]);
    const broken = violations.map((what) => `broken: ${what}`);
    const machine = `Node ${nodeUnderTestVersion()}, load ${load()}`;
    print({ text: [{ head: ['figure', 'measured', 'wanted'], rows }, ...broken, machine] }, false, out);
  }
  process.exit(violations.length > 0 ? 1 : 0);
}

function load(): string {
  return loadavg()
    .map((average) => average.toFixed(1))
    .join(' ');
}

function readArguments(): { readonly names: readonly Name[]; readonly sizes: Sizes } {
  const all = Object.keys(MEASUREMENTS) as Name[];
  const command = new Command('npm run bench:toolbox --')
    .description('Measures what the operator’s commands promise.')
    .addArgument(new Argument('[what...]', 'what to measure').choices(all).default(all, 'all of it'))
    .option('--records <n>', 'trace: records of the source topic', wholeNumber, 1_000_000)
    .option('--letters <n>', 'redrive: dead letters', wholeNumber, 10_000)
    .option('--replayed <n>', 'replay: events that are told again', wholeNumber, 100_000)
    .option('--replay-rate <n>', 'replay: its requests a second', wholeNumber, 100)
    .option('--live-rate <n>', 'replay: live events a second', wholeNumber, 100)
    .option('--alone <seconds>', 'replay: how long live events come alone, before and after', wholeNumber, 60)
    .option('--seed <n>', 'redrive: of the moments at which it is killed', wholeNumber, 1)
    .addHelpText('after', HELP);
  parseOrExit(command);
  return { names: command.processedArgs[0] as Name[], sizes: command.opts<Sizes>() };
}
