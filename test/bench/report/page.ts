import { figure, type Results } from '../results.ts';
import { digits } from './lines.ts';
import { tablesOf } from './tables.ts';

/** The page of what was measured. The same results give the same page. */
export function resultsPage(results: Results): string {
  return [
    '# What an event costs',
    '',
    `Written by \`${results.command}\` on ${results.day}. ${roundsOf(results)}; a multiple of the bare loop`,
    'is one of the same round. Figures of two runs do not compare, ratios within one do.',
    '',
    ...disturbance(results).flatMap((line) => [`**${line}**`, '']),
    '![CPU, events a second, and from record to request](results.svg)',
    '',
    ...tablesOf(results).flatMap(({ title, head, rows }) => [`## ${title}`, '', ...markdown(head, rows), '']),
    '## How',
    '',
    ...machineLines(results).map((line) => `- ${line}`),
    ...HOW.map((line) => `- ${line}`),
    '',
  ].join('\n');
}

/** Of the machine and of what ran on it. */
export function machineLines({ machine, extent }: Results): readonly string[] {
  const { processor, cores, bound, nodes, nodeOptions } = machine;
  return [
    `${processor}, ${cores} processors; Node ${Object.values(nodes).join(' and ')} with \`${nodeOptions}\`, as in the image.`,
    bound === undefined
      ? 'Nobody was bound to a processor: everything shared all of them.'
      : `Measured on processor ${[...new Set(bound.measured)].join(', ')}; brokers, registry, gateway and writer on ${bound.others.join(', ')}.`,
    `Idle for ${extent.idleSeconds} s, ${extent.rate} events a second for ${extent.rateSeconds} s, full rate for at most ${extent.fullSeconds} s, after ${extent.warmUpSeconds} s of warming up, ${extent.rateWarmUpSeconds} s where events come at a rate.`,
  ];
}

const HOW = [
  '`16 × 6` is 16 partitions of 6 topics that are read: the source and 5 retry topics.',
  'CPU is that of all threads of the process, as the kernel counts it; a full rate has a whole processor, signatures included.',
  'Loop lag: of timers due every 10 ms, the hundredth that fired latest was so late. Garbage: what objects took on the heap, by what each collection found; buffers outside the heap are not in it.',
  'From record to request: from before the writer hands a record to its producer until the gateway has the head of the request.',
  'The gateway confirms everything unchecked and signs one answer a second; who verifies it has the usual work.',
  'The bare loop signs, posts and verifies with got, without Kafka, with as many requests out as the service. The kafkajs program also reads, decodes and commits once a second, and keeps none of the promises.',
  'The service runs as built, with every guarantee on and its log at `info`, whose lines are taken from it and thrown away.',
];

function markdown(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  return [head, head.map((_, column) => (column < 2 ? '---' : '--:')), ...rows].map(
    (cells) => `| ${cells.join(' | ')} |`,
  );
}

function roundsOf({ cells }: Results): string {
  const rounds = Math.max(...cells.map(({ rounds }) => rounds.length));
  return rounds === 1
    ? 'One round, so that nothing is known of its spread'
    : `Each figure is the median of ${rounds} rounds, with the least and the most of them`;
}

/** Of the measured processors' time, so much may go to others before it has to be said. */
const QUIET_PERCENT = 5;

/** Says where the machine was busy with something else. */
export function disturbance({ cells }: Results): readonly string[] {
  const taken = cells.map((result) => figure(result, 'strangersPercent')?.median ?? 0);
  const most = Math.max(...taken);
  if (most <= QUIET_PERCENT) return [];
  return [
    `The machine was busy: others took up to ${digits(most)} % of the measured processor, so times, events a second and loop lag say little.`,
  ];
}
