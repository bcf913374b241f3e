import { createBroker } from './broker.ts';
import type { Broker } from './broker.ts';
import { fetchDistribution } from './distribution.ts';
import { JvmStartError } from './jvm.ts';
import { runKafkaTool } from './kafka-tool.ts';
import type { ToolOptions, ToolResult } from './kafka-tool.ts';
import { freePorts } from './ports.ts';
import { createRegistry } from './registry.ts';
import type { Registry } from './registry.ts';
import { clearLeftOvers, makeRunFolder, removeFolder } from './run-folders.ts';
import type { ListenerOptions } from './server-properties.ts';
import { SetupError } from './setup-error.ts';

const PORT_ATTEMPTS = 5;

/** What a cluster consists of. */
export interface ClusterOptions {
  /** 1 by default. Of three, any one may fail. */
  readonly brokers?: 1 | 3;
  /** Whether there is a schema registry; true by default. */
  readonly registry?: boolean;
  /** Of every broker beside the plain one, by name in capital letters. */
  readonly listeners?: Readonly<Record<string, ListenerOptions>>;
  /** Added to every broker's `server.properties`, winning over what is there. */
  readonly serverProperties?: Readonly<Record<string, string>>;
  /** Of each broker, in MiB; 256 by default, which is little for some thousand partitions. */
  readonly heap?: number;
  /** Where data and logs go and stay, for a later cluster to find. By default they go with the cluster. */
  readonly runDir?: string;
}

/** A Kafka cluster with a schema registry. */
export interface Cluster {
  /** Comma-separated `host:port`, as in `KAFKA_BROKERS`. */
  readonly bootstrapServers: string;
  /** As in `SCHEMA_REGISTRY_URL`; empty where no registry was asked for. */
  readonly registryUrl: string;
  /** Empty where the cluster is external. */
  readonly brokers: readonly Broker[];
  /** Whether it was there before and stays: `stop()` does nothing. */
  readonly external: boolean;
  /** Runs one of Kafka's own tools to its end; `--bootstrap-server` is the caller's to give. */
  kafkaTool(className: string, args: readonly string[], options?: ToolOptions): Promise<ToolResult>;
  /** Ends every process of the cluster. May be called again. */
  stop(): Promise<void>;
}

/**
 * Starts a cluster on free ports of this machine; the first time it fetches what is needed. Where the environment names
 * a cluster in `KAFKA_BROKERS` and `SCHEMA_REGISTRY_URL`, it is that one, and the options do not matter.
 */
export async function startCluster(options: ClusterOptions = {}, env = process.env): Promise<Cluster> {
  const external = externalCluster(env);
  if (external) return external;
  await fetchDistribution();
  await clearLeftOvers();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnFreePorts(options);
    } catch (error) {
      if (attempt === PORT_ATTEMPTS || !isPortTaken(error)) throw error;
    }
  }
}

function externalCluster(env: NodeJS.ProcessEnv): Cluster | undefined {
  const bootstrapServers = env['KAFKA_BROKERS'];
  const registryUrl = env['SCHEMA_REGISTRY_URL'];
  if (!bootstrapServers && !registryUrl) return undefined;
  if (!bootstrapServers || !registryUrl) {
    throw new SetupError(
      `${bootstrapServers ? 'SCHEMA_REGISTRY_URL' : 'KAFKA_BROKERS'} is not set, but its counterpart is.`,
      'Set KAFKA_BROKERS and SCHEMA_REGISTRY_URL to use a running cluster, or neither to have one started.',
    );
  }
  return {
    bootstrapServers,
    registryUrl,
    brokers: [],
    external: true,
    async kafkaTool(...tool) {
      await fetchDistribution();
      return runKafkaTool(...tool);
    },
    async stop() {},
  };
}

async function startOnFreePorts(options: ClusterOptions): Promise<Cluster> {
  const runFolder = await makeRunFolder();
  const { brokers, registry } = await describeNodes(options, runFolder);
  const nodes = registry ? [...brokers, registry] : brokers;
  await startAll(nodes);
  return {
    bootstrapServers: brokers.map(({ address }) => address).join(','),
    registryUrl: registry?.url ?? '',
    brokers,
    external: false,
    kafkaTool: runKafkaTool,
    async stop() {
      // Data that nobody will read need not be closed in good order.
      await Promise.all(nodes.map((node) => (options.runDir ? node.stop() : node.kill())));
      await removeFolder(runFolder);
    },
  };
}

interface Nodes {
  readonly brokers: readonly Broker[];
  readonly registry: Registry | undefined;
}

async function describeNodes(options: ClusterOptions, runFolder: string): Promise<Nodes> {
  const folder = options.runDir ?? runFolder;
  const ids = options.brokers === 3 ? [1, 2, 3] : [1];
  const wanted = Object.entries(options.listeners ?? {});
  const [registryPort = 0, ...ports] = await freePorts(1 + (2 + wanted.length) * ids.length);
  const all = ids.map((id) => ({ id, port: ports.pop() ?? 0, controllerPort: ports.pop() ?? 0 }));
  const { serverProperties: overrides = {}, heap } = options;
  const listeners = () => Object.fromEntries(wanted.map(([name, own]) => [name, { ...own, port: ports.pop() ?? 0 }]));
  return {
    brokers: all.map((self) => createBroker({ self, all, listeners: listeners(), overrides, heap, folder, runFolder })),
    registry: options.registry === false ? undefined : createRegistry({ port: registryPort, folder, runFolder }),
  };
}

async function startAll(nodes: readonly Pick<Broker, 'start' | 'kill'>[]): Promise<void> {
  try {
    await Promise.all(nodes.map((node) => node.start()));
  } catch (error) {
    await Promise.all(nodes.map((node) => node.kill()));
    throw error;
  }
}

function isPortTaken(error: unknown): boolean {
  return error instanceof JvmStartError && /already in use|in use by another process/i.test(error.log);
}
