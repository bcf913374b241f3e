import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { startCluster } from '../../deploy/local/cluster.ts';
import { imageEnvironment } from '../../deploy/local/image-environment.ts';
import { exitWithProblem } from '../../deploy/local/setup-error.ts';
import { thisProcess } from '../../src/cli/common/host.ts';
import { print } from '../../src/cli/common/result.ts';
import { parseOrExit } from '../support/command-line.ts';
import { closeOnSignal, gatherEnds, type Ends } from '../support/ends.ts';
import { removeTemporaryFolders } from '../support/keys.ts';
import { installNodeUnderTest, nodeUnderTest } from '../support/node-under-test.ts';
import { bindOthers } from './measure/cores.ts';
import { prepareGround } from './measure/ground.ts';
import { measure } from './measure/measure.ts';
import { benchCommand, planOf, type Plan } from './options.ts';
import { inOneLine } from './report/lines.ts';
import { disturbance, machineLines } from './report/page.ts';
import { tablesOf } from './report/tables.ts';
import { writeReport } from './report/write.ts';
import { forPrograms, type Results } from './results.ts';
import type { Figures } from './figures.ts';

/** In MiB; with less a broker collects garbage for so long that it is measured instead of who reads from it. */
const BROKER_HEAP = 2_048;

const { out, err } = thisProcess();

await main().catch(exitWithProblem);

async function main(): Promise<void> {
  installNodeUnderTest();
  const nodes = nodesAtHand();
  const majors = [...nodes.keys()];
  const command = benchCommand(majors);
  parseOrExit(command);
  const plan = planOf(command, majors);
  const { onEnd, close } = gatherEnds();
  const unlessEnding = closeOnSignal(close);
  onEnd(() => removeTemporaryFolders());
  try {
    const results = await measureAll(plan, nodes, onEnd).catch(unlessEnding);
    const text = tablesOf(results).flatMap(({ title, ...rows }) => ['', title, rows]);
    print(
      { text: [...text, '', ...machineLines(results), ...disturbance(results)], json: forPrograms(results) },
      plan.json,
      out,
    );
    if (plan.write) for (const file of writeReport(results)) tell(`${file} written`);
  } finally {
    await close();
  }
  await out.flush();
  process.exit();
}

async function measureAll(
  { cells, rounds, extent }: Plan,
  nodes: ReadonlyMap<number, string>,
  onEnd: Ends['onEnd'],
): Promise<Results> {
  const cores = bindOthers(Math.max(...cells.map(({ members }) => members)));
  const cluster = await startCluster({ heap: BROKER_HEAP });
  onEnd(() => cluster.stop());
  const ground = await prepareGround({ cluster, cores, nodes }, onEnd);
  const measured = cells.map((cell) => ({ cell, rounds: [] as Figures[] }));
  // In turn, so that what the machine does meanwhile concerns all of them alike.
  for (let round = 0; round < rounds; round += 1) {
    for (const [at, { cell, rounds: figures }] of measured.entries()) {
      err.progress(() => `round ${round + 1} of ${rounds}, ${at + 1} of ${cells.length}`);
      const found = await measure(ground, cell, extent, round);
      figures.push(found);
      tell(`${round + 1}/${rounds} ${at + 1}/${cells.length} ${inOneLine(cell, found)}`);
    }
  }
  return {
    day: new Date().toISOString().slice(0, 10),
    command: calledAs(),
    machine: machine(nodes, cores),
    extent,
    cells: measured,
  };
}

function machine(nodes: ReadonlyMap<number, string>, bound: Results['machine']['bound']): Results['machine'] {
  const [first] = cpus();
  return {
    processor: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    bound,
    nodes: Object.fromEntries([...nodes].map(([major, path]) => [major, versionOf(path)])),
    nodeOptions: imageEnvironment().NODE_OPTIONS,
  };
}

function calledAs(): string {
  const args = process.argv.slice(2);
  return ['npm run bench', ...(args.length === 0 ? [] : ['--', ...args])].join(' ');
}

/** The Node that the image ships, and the installed one where that is of another major version. */
function nodesAtHand(): ReadonlyMap<number, string> {
  const paths = [nodeUnderTest(), process.execPath];
  const majors = new Map<number, string>();
  for (const path of paths) {
    const major = Number(versionOf(path).split('.')[0]);
    if (!majors.has(major)) majors.set(major, path);
  }
  return majors;
}

function versionOf(node: string): string {
  return execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().slice(1);
}

function tell(what: string): void {
  const load = loadavg()[0] ?? Number.NaN;
  err.line(`${new Date().toISOString().slice(11, 19)} load ${load.toFixed(1)} ${what}`);
}
