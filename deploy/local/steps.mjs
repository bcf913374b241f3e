// How commands of this repository run others. Nothing from npm may be imported here, as it may not be installed yet.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const ECHO_MS = 500;
const PARENT = process.ppid;

export const npmRun = (script, args = []) => ['npm', ['run', '-s', script, ...(args.length ? ['--', ...args] : [])]];

/** One line for each step, with its duration; what the step itself says only where it fails. */
export async function quietly(label, step) {
  const start = Date.now();
  if (process.stderr.isTTY) process.stderr.write(`… ${label}`);
  const chunks = [];
  const code = await run(step, ['ignore', 'pipe', 'pipe'], (chunk) => chunks.push(chunk));
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  console.error(`${code === 0 ? '✓' : '✗'} ${label} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
  if (code !== 0) process.stderr.write(Buffer.concat(chunks));
  return code;
}

/** Runs a command to its end and passes signals on to it; resolves with its exit code, 128 + n for signal n. */
export async function run([command, args], stdio, onOutput) {
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
