// Whatever can be judged without running anything, side by side; then the unit tests, which need the cores for themselves.
import { availableParallelism } from 'node:os';
import { npmRun, quietly, run } from '../deploy/local/steps.mjs';

/** The longest first. */
const waiting = ['check:lint', 'check:format', 'check:types', 'check:unused', 'check:boundaries'];
let failed = 0;

async function work() {
  for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
    const code = await quietly(check, npmRun(check));
    if (code !== 0) failed += 1;
    const endedBySignal = code > 128;
    if (endedBySignal) waiting.length = 0;
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, work));
process.exitCode = failed > 0 ? 1 : await run(npmRun('test:unit'), 'inherit');
