import { constants } from 'node:os';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { STORY_EVENTS } from './acts.ts';
import { ServiceFailure } from './service.ts';
import { Stage } from './stage.ts';
import { tellStory, type DemoOptions } from './story.ts';
import { Closers } from './system.ts';
import { exitWithProblem } from '../local/setup-error.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const WRONG_USAGE = 2;
const LOAD_FROM = 100;
const PARTITIONS = { story: 3, load: 12 };

const HELP = `
Nothing needs to run before it: it starts a real Kafka broker, a schema registry, a simulator of the gateway and the
service on free ports of this machine, and ends them all.

Examples:
  $ npm run demo
  $ npm run demo -- --keep              all of it stays, with the addresses to play with
  $ npm run demo -- --events 5000       the story, then load: events per second, processor time per event
  $ npm run -s demo -- --json | jq .totals

Exit codes: 0 every event is accounted for · 1 one is not, or something failed · 2 wrong usage, or something is missing
on this machine · 130 ended by Ctrl-C.
`;

await main().catch(exitWithProblem);

async function main(): Promise<void> {
  const options = readOptions(process.argv);
  const { signal, code } = interruption();
  const closers = new Closers();
  let exitCode: number;
  try {
    exitCode = await tellStory(options, new Stage(options.json ? process.stderr : process.stdout), closers, signal);
  } catch (error) {
    if (error instanceof ServiceFailure && !signal.aborted) console.error(error.message);
    else if (!signal.aborted) throw error;
    exitCode = 1;
  } finally {
    await closers.run();
  }
  if (signal.aborted) console.error('Ended by a signal; nothing is left running.');
  process.exit(code() ?? exitCode);
}

function readOptions(argv: readonly string[]): DemoOptions {
  const command = new Command('npm run demo --')
    .description('A first look: real events through the real service, and the books at the end.')
    .option('--keep', 'leave everything running at the end and print the addresses; Ctrl-C ends it')
    .option('--events <n>', 'how many events; those beyond the story are load', atLeast(STORY_EVENTS), STORY_EVENTS)
    .option(
      '--partitions <n>',
      `of the source topic (default: ${PARTITIONS.story}, with load ${PARTITIONS.load})`,
      atLeast(1),
    )
    .option('--json', 'the final table as JSON on standard output; the story goes to standard error')
    .addHelpText('after', HELP)
    .showHelpAfterError('(--help shows what there is)')
    .exitOverride();
  try {
    command.parse(argv);
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : WRONG_USAGE);
    throw error;
  }
  const given = command.opts<{ keep?: true; json?: true; events: number; partitions?: number }>();
  const usual = given.events > LOAD_FROM ? PARTITIONS.load : PARTITIONS.story;
  return {
    keep: given.keep === true,
    json: given.json === true,
    events: given.events,
    partitions: given.partitions ?? usual,
  };
}

function atLeast(smallest: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d{1,7}$/.test(text) && number >= smallest) return number;
    throw new InvalidArgumentError(`Write a whole number from ${smallest} on.`);
  };
}

/** Aborts at the first signal, and when nobody reads any more; `code` is then the exit code. */
function interruption(): { signal: AbortSignal; code: () => number | undefined } {
  const controller = new AbortController();
  let code: number | undefined;
  const interrupt = (as: number): void => {
    code ??= as;
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, () => interrupt(128 + constants.signals[name]));
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => interrupt(1));
  return { signal: controller.signal, code: () => code };
}
