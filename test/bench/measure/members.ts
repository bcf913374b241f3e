import { fileURLToPath } from 'node:url';
import { openGroupOffsets } from '../../../src/kafka/kafkajs/group-offsets.ts';
import { imageEnvironment } from '../../../deploy/local/image-environment.ts';
import { freePort } from '../../support/service-process.ts';
import { until } from '../../support/until.ts';
import type { Cell } from '../cells.ts';
import type { Ground } from './ground.ts';
import { MeasuredProcess } from './measured-process.ts';

const SERVICE = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
const DELAYS = ['5s', '30s', '2m', '10m', '1h', '6h'];

/** A process that is measured, and the name under which the gateway counts its requests. */
export interface Member {
  readonly name: string;
  readonly process: MeasuredProcess;
  /** Where it serves metrics; only the service does. */
  readonly metricsUrl?: string;
}

/** Starts everything that a cell measures; resolves when it takes events from the ends of the topic's partitions on. */
export async function startMembers(
  ground: Ground,
  cell: Cell,
  topic: string,
  group: string,
): Promise<readonly Member[]> {
  if (cell.program !== 'bare') await beginAtEnds(ground, topic, group);
  const members: Member[] = [];
  try {
    // One after the other: the first makes the topics, and the others find them.
    for (let at = 0; at < cell.members; at += 1) members.push(await startMember(ground, cell, topic, group, at));
  } catch (error) {
    await Promise.all(members.map(({ process }) => process.end()));
    throw error;
  }
  return members;
}

async function startMember(ground: Ground, cell: Cell, topic: string, group: string, at: number): Promise<Member> {
  const { cluster, registry, gateway, programs, signingKeysDir, cores, nodes } = ground;
  const name = `member-${at}`;
  const common = {
    KAFKA_BROKERS: cluster.bootstrapServers,
    KAFKA_GROUP_ID: group,
    SOURCE_TOPIC: topic,
    SCHEMA_REGISTRY_URL: registry.url,
    SIGNING_KEYS_DIR: signingKeysDir,
    ...gateway.settings(name),
    ...imageEnvironment(),
  };
  const begin = (script: string, own: Readonly<Record<string, string>>): MeasuredProcess =>
    new MeasuredProcess({
      node: nodes.get(cell.node) ?? process.execPath,
      core: cores?.measured[at],
      probe: `${programs}/probe.js`,
      script,
      env: { ...common, ...own },
    });
  if (cell.program === 'bare' || cell.program === 'kafkajs') {
    const file = cell.program === 'bare' ? 'bare-loop.js' : 'kafkajs-plain.js';
    const started = begin(`${programs}/${file}`, { LANES: String(cell.lanes) });
    await started.ready();
    return { name, process: started };
  }
  const port = await freePort();
  const started = begin(SERVICE, {
    ORDERING: cell.program,
    RETRY_DELAYS: DELAYS.slice(0, cell.tiers).join(','),
    CREATE_TOPICS: 'true',
    TOPIC_REPLICATION_FACTOR: '1',
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: String(port),
  });
  const url = `http://127.0.0.1:${port}`;
  const isReady = (): Promise<boolean> =>
    fetch(`${url}/readyz`).then(
      ({ status }) => status === 200,
      () => false,
    );
  try {
    await Promise.race([until('the service to be ready', isReady), started.ended]);
  } catch (error) {
    await started.end();
    throw error;
  }
  return { name, process: started, metricsUrl: `${url}/metrics` };
}

/** Gives a new group its start, for every program the same. */
async function beginAtEnds({ admin, kafka }: Ground, topic: string, groupId: string): Promise<void> {
  // A new partition's leader may not know yet that it is one, nor a coordinator that the group is its own.
  const ends = await until('the ends of the topic', () => admin.fetchTopicOffsets(topic).catch(unlessPassing));
  const offsets = new Map(ends.map(({ partition, high }) => [partition, { offset: Number(high) }]));
  const group = await openGroupOffsets(kafka, groupId);
  try {
    await until('the start of the group to be committed', () => group.commit(topic, offsets).catch(unlessPassing));
  } finally {
    await group.close();
  }
}

/** Nothing, where the brokers could not do it yet. */
function unlessPassing(error: unknown): undefined {
  if (error instanceof Error && 'retriable' in error && error.retriable === true) return undefined;
  throw error;
}
