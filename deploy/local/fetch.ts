import { constants } from 'node:os';
import { fetchDistribution } from './distribution.ts';
import { exitWithProblem } from './setup-error.ts';

// Without a handler a signal would end this process before it could end its own.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(128 + constants.signals[signal]));
}

await fetchDistribution().catch(exitWithProblem);
