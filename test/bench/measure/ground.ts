import { randomUUID } from 'node:crypto';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import type { Cluster } from '../../../deploy/local/cluster.ts';
import { registerSchema } from '../../../src/kafka/produce/emitter.ts';
import type { Ends } from '../../support/ends.ts';
import { rsaKeyPair, signingKeysFolder } from '../../support/keys.ts';
import { startRegistryProxy, type RegistryProxy } from '../../support/registry-proxy.ts';
import { compilePrograms } from './compile.ts';
import type { Cores } from './cores.ts';
import { startBenchGateway, type BenchGateway } from './gateway.ts';

/** What all measurements stand on. */
export interface Ground {
  readonly cluster: Cluster;
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly schemaId: number;
  readonly gateway: BenchGateway;
  /** Before the registry, to count what is asked of it. */
  readonly registry: RegistryProxy;
  /** Holds the compiled programs that are measured beside the service. */
  readonly programs: string;
  readonly signingKeysDir: string;
  readonly cores: Cores | undefined;
  /** Where each Node is, by its major version. */
  readonly nodes: ReadonlyMap<number, string>;
  /** What topics and groups of this run begin with. */
  readonly prefix: string;
}

/** Prepares everything that one run needs. @param onEnd how to undo it, newest first */
export async function prepareGround(
  { cluster, cores, nodes }: Pick<Ground, 'cluster' | 'cores' | 'nodes'>,
  onEnd: Ends['onEnd'],
): Promise<Ground> {
  const kafka = new kafkajs.Kafka({
    brokers: cluster.bootstrapServers.split(','),
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 10, initialRetryTime: 100, maxRetryTime: 2_000 },
  });
  const admin = kafka.admin();
  await admin.connect();
  onEnd(() => admin.disconnect());
  const registry = await startRegistryProxy(cluster.registryUrl);
  onEnd(registry.stop);
  const gateway = await startBenchGateway();
  onEnd(() => gateway.stop());
  const { folder: programs, remove } = compilePrograms();
  onEnd(remove);
  return {
    ...{ cluster, cores, nodes, kafka, admin, gateway, registry, programs },
    schemaId: await registerSchema({ url: cluster.registryUrl }, 'payment-final-value'),
    signingKeysDir: signingKeysFolder({ 1: rsaKeyPair().privateKey }),
    prefix: `bench-${randomUUID().slice(0, 8)}`,
  };
}
