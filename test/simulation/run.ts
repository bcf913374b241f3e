import { coverageText } from './coverage.ts';
import { count, keepFigures, noFigures } from './figures.ts';
import { playAll } from './fleet.ts';
import { readOptions, seedAfter, type Options } from './options.ts';
import { allParts } from './parts.ts';
import { shrunk } from './shrink.ts';
import { simulate } from './simulate.ts';
import type { Summary } from './summary.ts';
import { planLine, violationLines } from './tell.ts';
import { wholeOf } from './whole.ts';

const PROGRESS_MS = 5_000;
/** Some minutes; mostly a tenth of it is enough. */
const MOST_TRIES = 400;

const options = readOptions();
process.exitCode = options.kind === 'one' ? await playOne(options) : await playMany(options);
// A world that hangs would hold the process; who reads through a pipe is to have it all.
process.stdout.write('', () => process.exit());

async function playOne({ seed, parts, history, ...options }: Extract<Options, { kind: 'one' }>): Promise<number> {
  const outcome = await simulate(seed, parts);
  if (history) for (const { atMs, who, what } of outcome.lines) console.log(`${atMs} ${who} ${what}`);
  console.log([planLine(outcome), ...violationLines(outcome, parts)].join('\n'));
  if (outcome.violation === undefined) return 0;
  if (options.shrink && Object.keys(parts).length === 0) await shrink(seed);
  return 1;
}

async function playMany({ first, seeds, minutes, ...options }: Extract<Options, { kind: 'many' }>): Promise<number> {
  const began = performance.now();
  const figures = noFigures(first, new Date().toISOString());
  const failed: Summary[] = [];
  let [given, toldAt] = [0, began];
  const isOver = (): boolean => failed.length > 0 || given >= seeds || performance.now() - began >= minutes * 60_000;
  await playAll({
    next: () => (isOver() ? undefined : seedAfter(first, given++)),
    told: (summary) => {
      count(figures, summary);
      if (summary.wrong.length > 0) {
        failed.push(summary);
        console.log([summary.line, ...summary.wrong].join('\n'));
      }
      const now = performance.now();
      if (now - toldAt >= PROGRESS_MS)
        console.log(`${figures.worlds} worlds, ${minutesOf(figures.simulatedMs)} simulated minutes`);
      if (now - toldAt >= PROGRESS_MS) toldAt = now;
    },
  });
  keepFigures(figures);
  console.log(`\n${coverageText(figures)}\n`);
  const took = ((performance.now() - began) / 1_000).toFixed(1);
  console.log(
    `${figures.worlds} worlds from seed ${first} on: ${minutesOf(figures.simulatedMs)} simulated minutes in ${took} s.`,
  );
  const [failure] = failed;
  if (failure === undefined) console.log('Every rule holds.');
  else if (options.shrink && failure.failure !== 'hangs') await shrink(failure.seed);
  return failed.length === 0 ? 0 : 1;
}

/** Plays it again with less and less in it, and tells what is left. */
async function shrink(seed: number): Promise<void> {
  const { violation, simulatedMs } = await simulate(seed);
  let tried = 0;
  const parts = await shrunk(allParts(wholeOf(seed), simulatedMs), async (some) => {
    if (tried === MOST_TRIES) return false;
    tried += 1;
    return (await simulate(seed, some)).violation?.kind === violation?.kind;
  });
  const outcome = await simulate(seed, parts);
  const isAll = tried < MOST_TRIES;
  console.log(`\nWhat is left of it after ${tried} worlds${isAll ? ', when nothing more can be left out' : ''}:`);
  console.log([planLine(outcome), ...violationLines(outcome, parts)].join('\n'));
}

function minutesOf(ms: number): string {
  return (ms / 60_000).toFixed(1);
}
