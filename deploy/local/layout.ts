import { fileURLToPath } from 'node:url';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What Maven is asked for. */
export const POM = here('./pom.xml');

/** Logging of brokers and tools; the level is set by `-Dlog.level`. */
export const LOGGING = here('./log4j2.properties');

/** Everything that is fetched, built or running; ignored by git. */
export const LOCAL = here('../../.local');

/** One folder for each running cluster, see `run-folders.ts`. */
export const RUNS = `${LOCAL}/run`;

/** The hash of the `pom.xml` that the fetched distribution was made from; written last. */
export const STAMP = `${LOCAL}/distribution.stamp`;

/** Held while the distribution is being fetched. */
export const LOCK = `${LOCAL}/distribution.lock`;

/** The fetched broker and its command line tools. */
export const KAFKA = {
  folder: `${LOCAL}/kafka`,
  classPath: `${LOCAL}/kafka/lib/*`,
  checkpoint: `${LOCAL}/kafka/bootstrap.checkpoint`,
  brokerClassData: `${LOCAL}/kafka/broker.jsa`,
  toolClassData: `${LOCAL}/kafka/tool.jsa`,
} as const;

/** The fetched registry. */
export const REGISTRY = {
  folder: `${LOCAL}/registry`,
  jar: `${LOCAL}/registry/apicurio-registry-app-3.0.9-runner.jar`,
  classData: `${LOCAL}/registry/registry.jsa`,
} as const;

/** Maven's own working files. */
export const MAVEN = `${LOCAL}/maven`;
