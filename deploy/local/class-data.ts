import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { CLUSTER_ID, createBroker } from './broker.ts';
import { runKafkaTool } from './kafka-tool.ts';
import { KAFKA, REGISTRY } from './layout.ts';
import { freePorts } from './ports.ts';
import { createRegistry } from './registry.ts';
import { makeRunFolder, removeFolder } from './run-folders.ts';
import { serverProperties } from './server-properties.ts';

/*
 * A JVM that starts from an archive of its parsed classes is ready in a third of the time. The archive is written when
 * a process that was told to do so ends: so each of the three is run once, and ended.
 */

const writeTo = (archive: string): string => `-XX:ArchiveClassesAtExit=${archive}`;

/** Prepares the fetched distribution for quick starts: a formatted checkpoint, and class data for each kind of process. */
export async function prepareDistribution(): Promise<void> {
  const folder = await makeRunFolder();
  try {
    await writeCheckpoint(folder);
    await Promise.all([trainBroker(folder), trainRegistry(folder)]);
  } finally {
    await removeFolder(folder);
  }
}

async function writeCheckpoint(folder: string): Promise<void> {
  const dataFolder = `${folder}/formatted`;
  const propertiesFile = `${folder}/formatted.properties`;
  const self = { id: 1, port: 1, controllerPort: 2 };
  await mkdir(dataFolder);
  await writeFile(propertiesFile, serverProperties({ self, all: [self], dataFolder }));
  const { code, stderr } = await runKafkaTool('kafka.tools.StorageTool', [
    'format',
    '--cluster-id',
    CLUSTER_ID,
    '--config',
    propertiesFile,
  ]);
  if (code !== 0) throw new Error(`The data folder could not be formatted.\n${stderr}`);
  await copyFile(`${dataFolder}/bootstrap.checkpoint`, KAFKA.checkpoint);
}

async function trainBroker(folder: string): Promise<void> {
  const [port, controllerPort] = (await freePorts(2)) as [number, number];
  const self = { id: 1, port, controllerPort };
  const broker = createBroker({
    self,
    all: [self],
    folder,
    runFolder: folder,
    classDataFlag: writeTo(KAFKA.brokerClassData),
  });
  await broker.start();
  await trainTool(broker.address);
  await broker.stop();
}

async function trainTool(address: string): Promise<void> {
  const create = ['--bootstrap-server', address, '--create', '--topic', 'training'];
  await runKafkaTool('org.apache.kafka.tools.TopicCommand', create, { classDataFlag: writeTo(KAFKA.toolClassData) });
}

async function trainRegistry(folder: string): Promise<void> {
  const [port] = (await freePorts(1)) as [number];
  const registry = createRegistry({ port, folder, runFolder: folder, classDataFlag: writeTo(REGISTRY.classData) });
  await registry.start();
  await registry.stop();
}
