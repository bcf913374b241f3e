import { Command, Option } from 'commander';
import { numberFrom, oneOf, several, wholeFrom } from '../support/command-line.ts';
import { PHASES, possible, PROGRAMS, type Cell, type Program } from './cells.ts';
import { fullCells, product, shortCells, usualCells, type Dimensions } from './matrix.ts';
import type { Extent } from './measure/measure.ts';

const DIMENSIONS = ['programs', 'node', 'gatewayMs', 'partitions', 'tiers', 'backlog', 'members', 'phases'] as const;

const HELP = `
Each on a real broker and registry, beside a gateway that costs little. Whoever is measured has a processor to itself where
there are two and "taskset" is there; everything else is on the others. Without a choice of dimensions: what has to be known
before a release, in about eight minutes. With one or more: every combination of what is chosen, the others being 16 partitions,
5 retry topics, no time of the gateway, a backlog of 10,000 and one member.

  bare       sign, POST and verify with got in a loop, without Kafka
  kafkajs    the shortest program with kafkajs that tells the gateway of every event
  partition  the service with ORDERING=partition
  key        the service with ORDERING=key

  idle       nothing comes
  rate       events come at a fixed rate: from record to request
  backlog    events wait: the full rate, its cost, loop lag, garbage, memory

Examples:
  $ npm run bench -- --write
  $ npm run bench -- --programs bare,key --partitions 1 --gateway-ms 50 --phases backlog
  $ npm run bench -- --programs partition --partitions 16,200 --tiers 1,6 --rounds 5
  $ npm run bench -- --programs partition --backlog 1000000 --seconds 120 --phases backlog --json
  $ npm run bench -- --full --write

Exit codes: 0 measured, whatever the figures are · 1 something failed · 2 wrong usage, or something is missing on this machine ·
130 ended by Ctrl-C.
`;

/** What is measured, how often and for how long, and what becomes of it. */
export interface Plan {
  readonly cells: readonly Cell[];
  readonly rounds: number;
  readonly extent: Extent;
  readonly write: boolean;
  readonly json: boolean;
}

interface Given extends Dimensions {
  readonly rate: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly short: boolean;
  readonly full: boolean;
  readonly write: boolean;
  readonly json: boolean;
}

/** The command line. @param majors of Node at hand, the one of the image first */
export function benchCommand(majors: readonly number[]): Command {
  const choice = (flags: string, what: string, one: (text: string) => unknown): Option =>
    new Option(flags, what).argParser(several(one)).conflicts(['short', 'full', 'write']);
  const writing = new Option('--write', 'write results.md and results.svg, and the figures in docs/scale.md');
  return new Command('npm run bench --')
    .description('Measures what an event costs, how fast events go, and how late, beside what cannot cost less.')
    .addOption(choice('--programs <list>', 'bare, kafkajs, partition, key', oneOf(Object.keys(PROGRAMS) as Program[])))
    .addOption(choice('--gateway-ms <list>', 'time that the gateway takes for an answer', wholeFrom(0, 4_000)))
    .addOption(choice('--partitions <list>', 'of each topic', wholeFrom(1, 1_000)))
    .addOption(choice('--tiers <list>', 'retry topics', wholeFrom(1, 6)))
    .addOption(
      choice('--backlog <list>', 'events that wait when work at full rate begins', wholeFrom(1_000, 10_000_000)),
    )
    .addOption(choice('--members <list>', 'processes in the group', wholeFrom(1, 16)))
    .addOption(choice('--node <list>', `major versions: ${majors.join(', ')}`, oneMajorOf(majors)))
    .addOption(choice('--phases <list>', PHASES.join(', '), oneOf(PHASES)))
    .option('--rate <n>', 'events a second in the phase "rate"', numberFrom(1, 10_000), 100)
    .option('--seconds <n>', 'of work at full rate, at most', numberFrom(1, 3_600), 4)
    .option('--rounds <n>', 'how often each is measured, in turn', wholeFrom(1, 100), 3)
    .option('--full', 'every dimension, one at a time, in about an hour', false)
    .option('--short', 'a few seconds, to see that measuring works; the figures mean nothing', false)
    .addOption(writing.default(false).conflicts('short'))
    .option('--json', 'print all figures as JSON', false)
    .addHelpText('after', HELP);
}

function oneMajorOf(majors: readonly number[]): (text: string) => number {
  const one = oneOf(majors.map(String));
  return (text) => Number(one(text));
}

/** What a command line that has been read asks for. */
export function planOf(command: Command, majors: readonly number[]): Plan {
  const given = command.opts<Given>();
  const { rate, short, full, write, json } = given;
  const [node = 0, older] = majors;
  const isChosen = DIMENSIONS.some((name) => given[name] !== undefined);
  const cells = isChosen
    ? product(given, node)
    : short
      ? shortCells(node)
      : (full ? fullCells : usualCells)(node, older);
  const warmUp = short
    ? { warmUpSeconds: 0.1, rateWarmUpSeconds: 0.1 }
    : { warmUpSeconds: 1.5, rateWarmUpSeconds: 7.5 };
  const extent = short
    ? { settleSeconds: 0.1, idleSeconds: 0.3, rate, rateSeconds: 0.5, fullSeconds: 0.5, ...warmUp }
    : { settleSeconds: 0.5, idleSeconds: 2, rate, rateSeconds: 7, fullSeconds: given.seconds, ...warmUp };
  return { cells: cells.map((cell) => possible(cell, rate)), rounds: short ? 1 : given.rounds, extent, write, json };
}
