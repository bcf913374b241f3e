// From a fresh clone to a running command: checks what must be installed, installs the rest, then hands over.
// Nothing from npm may be imported here, and the syntax must suit the old versions of Node that are to be told so.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { npmRun, quietly, ROOT, run } from './steps.mjs';

const tsx = (script, args) => [process.execPath, ['--import', 'tsx', script, ...args]];

const COMMANDS = {
  demo: { build: true, steps: (args) => [tsx('deploy/demo/main.ts', args)] },
  test: { build: true, steps: (args) => [npmRun('check'), npmRun('test:integration', args)] },
  chaos: { build: true, steps: (args) => [tsx('test/chaos/run.ts', args)] },
  bench: { build: true, steps: (args) => [tsx('test/bench/run.ts', args)] },
  'bench:toolbox': { build: true, steps: (args) => [tsx('test/bench/toolbox.ts', args)] },
  up: { build: false, steps: (args) => [tsx('deploy/local/up.ts', args)] },
};

const [name = '', ...args] = process.argv.slice(2);
process.exitCode = await main(COMMANDS[name], args);

async function main(command, args) {
  if (!command) return refuse(`Unknown command "${name}".`, `Use one of: ${Object.keys(COMMANDS).join(', ')}.`);
  const problem = findMissing();
  if (problem) return refuse(...problem);
  const preparation = [
    [!dependenciesAreInstalled(), 'install dependencies', ['npm', ['ci', '--loglevel=error']]],
    [command.build, 'build', npmRun('build')],
    [!usesExternalCluster() && !distributionIsFetched(), 'fetch Kafka and registry', tsx('deploy/local/fetch.ts', [])],
  ];
  for (const [needed, label, step] of preparation) {
    const code = needed ? await quietly(label, step) : 0;
    if (code !== 0) return code;
  }
  for (const step of command.steps(args)) {
    const code = await run(step, 'inherit');
    if (code !== 0) return code;
  }
  return 0;
}

function refuse(problem, remedy) {
  console.error(`${problem}\n${remedy}`);
  return 2;
}

function findMissing() {
  return missingNode() || (usesExternalCluster() ? undefined : missingJava() || missingMaven());
}

function missingNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return undefined;
  return [
    `Node.js 20.19 or newer is missing: this is ${process.versions.node}.`,
    'Install it from https://nodejs.org or with a version manager, e.g. "nvm install 22".',
  ];
}

function missingJava() {
  const home = process.env.JAVA_HOME;
  const java = home ? join(home, 'bin', 'java') : 'java';
  const { stdout, stderr } = spawnSync(java, ['-version'], { encoding: 'utf8' });
  const version = /version "(\d+)/.exec(`${stdout}${stderr}`);
  if (version && Number(version[1]) >= 17) return undefined;
  return [
    `Java 17 or newer is missing: ${java} ${version ? `is version ${version[1]}` : 'cannot be started'}.`,
    'Install it, e.g. "apt-get install openjdk-17-jdk-headless" or "brew install openjdk", or set JAVA_HOME.',
  ];
}

function missingMaven() {
  if (distributionIsFetched() || !spawnSync('mvn', ['--version']).error) return undefined;
  return [
    'Maven (mvn) is missing: it fetches Kafka and the schema registry.',
    'Install it, e.g. "apt-get install maven" or "brew install maven", or set KAFKA_BROKERS and SCHEMA_REGISTRY_URL.',
  ];
}

function usesExternalCluster() {
  return Boolean(process.env.KAFKA_BROKERS && process.env.SCHEMA_REGISTRY_URL);
}

function dependenciesAreInstalled() {
  const installed = join(ROOT, 'node_modules/.package-lock.json');
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(ROOT, 'package-lock.json')).mtimeMs;
}

/** The same judgement as in `distribution.ts`. */
function distributionIsFetched() {
  const stamp = join(ROOT, '.local/distribution.stamp');
  const pom = readFileSync(join(ROOT, 'deploy/local/pom.xml'));
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === createHash('sha256').update(pom).digest('hex');
}
