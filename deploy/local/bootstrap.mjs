// From a fresh clone to a running command: checks what must be installed, installs the rest, then hands over.
// Nothing from npm may be imported here, and the syntax must suit the old versions of Node that are to be told so.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const ECHO_MS = 500;
const PARENT = process.ppid;

const tsx = (script, args) => [process.execPath, ['--import', 'tsx', script, ...args]];
const npmRun = (script, args = []) => ['npm', ['run', '-s', script, ...(args.length ? ['--', ...args] : [])]];

const COMMANDS = {
  demo: { build: true, steps: (args) => [tsx('deploy/demo/demo.ts', args)] },
  test: { build: true, steps: testSteps },
  chaos: { build: true, steps: (args) => [tsx('test/chaos/run.ts', args)] },
  bench: { build: true, steps: (args) => [tsx('test/bench/cost-per-event.ts', args)] },
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
    const code = needed ? await prepare(label, step) : 0;
    if (code !== 0) return code;
  }
  for (const step of command.steps(args)) {
    const code = await run(step, 'inherit');
    if (code !== 0) return code;
  }
  return 0;
}

function testSteps(args) {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const steps = [npmRun('check'), npmRun('test:integration', args)];
  return scripts['test:deploy'] ? [...steps, npmRun('test:deploy')] : steps;
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

/** One line for each step, with its duration; what the step itself says only where it fails. */
async function prepare(label, step) {
  const start = Date.now();
  if (process.stderr.isTTY) process.stderr.write(`… ${label}`);
  const chunks = [];
  const code = await run(step, ['ignore', 'pipe', 'pipe'], (chunk) => chunks.push(chunk));
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  if (code === 0) console.error(`✓ ${label} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
  else process.stderr.write(Buffer.concat(chunks));
  return code;
}

/** Runs a command to its end and passes signals on to it; resolves with its exit code, 128 + n for signal n. */
async function run([command, args], stdio, onOutput) {
  // In a process group of its own, so that Ctrl-C reaches it once: through us.
  const child = spawn(command, args, { cwd: ROOT, stdio, detached: true });
  for (const stream of [child.stdout, child.stderr]) if (stream) stream.on('data', onOutput);
  const stopForwarding = forwardSignals(child);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(signal ? 128 + constants.signals[signal] : code));
    });
  } finally {
    stopForwarding();
  }
}

/** Under npm one Ctrl-C comes twice, from the terminal and from npm; a second one is taken for impatience. */
function forwardSignals(child) {
  let last = 0;
  const forward = (signal) => {
    if (Date.now() - last < ECHO_MS) return;
    last = Date.now();
    child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, forward);
  const stopWatching = onceOrphaned(() => forward('SIGTERM'));
  return () => {
    stopWatching();
    for (const signal of SIGNALS) process.off(signal, forward);
  };
}

/** npm passes SIGTERM on to its shell only, which dies of it and tells nobody. */
function onceOrphaned(then) {
  if (!process.env.npm_lifecycle_event) return () => undefined;
  const watch = setInterval(() => {
    if (process.ppid === PARENT) return;
    clearInterval(watch);
    then();
  }, ECHO_MS);
  return () => clearInterval(watch);
}
