import { randomBytes } from 'node:crypto';
import { constants, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { createJvm } from './jvm.ts';
import type { Jvm } from './jvm.ts';
import { KAFKA, LOGGING } from './layout.ts';
import { serverProperties } from './server-properties.ts';
import type { BrokerConfiguration } from './server-properties.ts';

/** Kafka wants 16 bytes in base64url; the same for every cluster, so that a kept data folder fits the next one. */
export const CLUSTER_ID = 'cGF5bWVudC1ub3RpZmllcg';

/** One broker, which is also a controller. Started again, it is on the same ports with the same data. */
export interface Broker extends Jvm {
  /** From 1. */
  readonly id: number;
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** Holds a folder for each partition. */
  readonly dataFolder: string;
  /** `host:port` of each listener beside the plain one, by name. */
  readonly listeners: Readonly<Record<string, string>>;
}

/** What a broker is made from. */
export interface BrokerOptions extends Omit<BrokerConfiguration, 'dataFolder'> {
  /** Holds the broker's configuration, log and data. */
  readonly folder: string;
  readonly runFolder: string;
  /** Instead of the flag that makes it start from the class data archive. */
  readonly classDataFlag?: string;
  /** In MiB, of which it takes half for what is new and short-lived; 256 by default, taken as needed. */
  readonly heap?: number | undefined;
}

/** Describes a broker without starting it. */
export function createBroker(options: BrokerOptions): Broker {
  const { self, listeners = {}, folder, runFolder } = options;
  const name = `broker-${self.id}`;
  const dataFolder = `${folder}/${name}-data`;
  const propertiesFile = `${folder}/${name}.properties`;
  const jvm = createJvm({
    name,
    args: brokerArgs(propertiesFile, options),
    logFolder: folder,
    runFolder,
    prepare: async () => {
      await format(dataFolder, self.id);
      await writeFile(propertiesFile, serverProperties({ ...options, dataFolder }));
    },
    isReady: (log) => log.includes('Kafka Server started'),
  });
  return Object.assign(jvm, {
    id: self.id,
    address: `127.0.0.1:${self.port}`,
    dataFolder,
    listeners: Object.fromEntries(
      Object.entries(listeners).map(([name, { host = '127.0.0.1', port }]) => [name, `${host}:${port}`]),
    ),
  });
}

function brokerArgs(propertiesFile: string, { classDataFlag, heap }: BrokerOptions): string[] {
  const classData = classDataFlag ?? `-XX:SharedArchiveFile=${KAFKA.brokerClassData}`;
  const memory = heap === undefined ? ['-Xmx256m'] : [`-Xms${heap}m`, `-Xmx${heap}m`, `-Xmn${heap / 2}m`];
  const logging = `-Dlog4j2.configurationFile=${LOGGING}`;
  return [classData, ...memory, logging, '-cp', KAFKA.classPath, 'kafka.Kafka', propertiesFile];
}

/** Does what `StorageTool format` does, without another JVM. Leaves a folder alone that is formatted already. */
async function format(dataFolder: string, id: number): Promise<void> {
  await mkdir(dataFolder, { recursive: true });
  const directoryId = randomBytes(16).toString('base64url');
  const meta = ['version=1', `cluster.id=${CLUSTER_ID}`, `node.id=${id}`, `directory.id=${directoryId}`];
  await ifNew(writeFile(`${dataFolder}/meta.properties`, `${meta.join('\n')}\n`, { flag: 'wx' }));
  await ifNew(copyFile(KAFKA.checkpoint, `${dataFolder}/bootstrap.checkpoint`, constants.COPYFILE_EXCL));
}

async function ifNew(write: Promise<void>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
