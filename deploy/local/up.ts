import { parseArgs } from 'node:util';
import { startCluster } from './cluster.ts';
import type { ClusterOptions } from './cluster.ts';
import { exitWithProblem, SetupError } from './setup-error.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

await up().catch(exitWithProblem);

/** Runs a cluster until a signal comes, and says where it is. */
async function up(): Promise<void> {
  const options = readArguments();
  const signalled = nextSignal();
  const cluster = await startCluster(options);
  console.log(`export KAFKA_BROKERS=${cluster.bootstrapServers}`);
  console.log(`export SCHEMA_REGISTRY_URL=${cluster.registryUrl}`);
  if (cluster.external) {
    console.error('The environment names this cluster already: nothing was started.');
    return;
  }
  console.error('Ready. Ctrl-C ends it.');
  await signalled;
  await cluster.stop();
}

function readArguments(): ClusterOptions {
  const { brokers } = parseOptions();
  if (brokers === '1') return { brokers: 1 };
  if (brokers === '3') return { brokers: 3 };
  throw new SetupError(`--brokers ${brokers} is not possible.`, 'Use --brokers 1 (the default) or --brokers 3.');
}

function parseOptions(): { brokers: string } {
  try {
    return parseArgs({ options: { brokers: { type: 'string', default: '1' } } }).values;
  } catch (cause) {
    throw new SetupError((cause as Error).message, 'Usage: node deploy/local/bootstrap.mjs up [--brokers 1|3]', {
      cause,
    });
  }
}

function nextSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of SIGNALS) process.on(signal, () => resolve());
  });
}
