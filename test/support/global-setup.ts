import type { TestProject } from 'vitest/node';
import { startCluster } from '../../deploy/local/cluster.ts';
import { installNodeUnderTest } from './node-under-test.ts';

declare module 'vitest' {
  interface ProvidedContext {
    bootstrapServers: string;
    registryUrl: string;
    /** Where the broker keeps a folder for each partition; empty where it was there before. */
    dataFolder: string;
  }
}

/** One broker and one registry for all integration tests; each test has topics and a group of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  installNodeUnderTest();
  const cluster = await startCluster();
  project.provide('bootstrapServers', cluster.bootstrapServers);
  project.provide('registryUrl', cluster.registryUrl);
  project.provide('dataFolder', cluster.brokers[0]?.dataFolder ?? '');
  return () => cluster.stop();
}
