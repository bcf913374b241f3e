import { closesLetter } from '../core/provenance.ts';
import { recordName, type KafkaRecord } from '../core/record.ts';
import type { Topology } from '../core/topology.ts';
import { traceOf, type Trace } from '../inspect/history.ts';
import { scan, type Scan } from '../inspect/scan.ts';
import type { Wanted } from '../inspect/stretch.ts';
import type { Unread } from '../inspect/unread.ts';
import type { Reader } from '../kafka/kafkajs/reader.ts';

/** Whose topics are read, how, and who is told how far that is: offsets read, of all. */
export interface Reading {
  readonly reader: Reader;
  readonly topology: Topology;
  readonly groupId: string;
  readonly signal: AbortSignal;
  readonly progress?: (done: number, of: number) => void;
}

/** Which records are evidence. */
export interface Sought {
  readonly topics: readonly Wanted[];
  readonly wants: Scan['wants'];
  /** Gets each trace with its record, which it should not keep without need. */
  readonly visit: (trace: Trace, record: KafkaRecord) => void;
}

/** What evidence rests on: where the group stood before it was read, and what could not be read. */
export interface Grounds {
  /** By `topic:partition`. */
  readonly committed: ReadonlyMap<string, number>;
  readonly unread: readonly Unread[];
}

/** The retry topics that exist, whether their delay is still configured or not. */
export async function retryTopicsOf({ reader, topology }: Pick<Reading, 'reader' | 'topology'>): Promise<string[]> {
  return (await reader.topics()).filter((topic) => topology.roleOf(topic) === 'retry');
}

/**
 * Every topic in which an event can leave a trace: the configured ones, and retry topics beside them that still exist.
 * Throws where no broker says which topics there are.
 */
export async function topicsWithTraces(reading: Reading): Promise<string[]> {
  const { topology } = reading;
  const { source, retryTopics, deadLetters, outcomes } = topology;
  const drained = await retryTopicsOf(reading);
  return [...new Set([source, ...retryTopics, ...drained, deadLetters, ...(outcomes === undefined ? [] : [outcomes])])];
}

/**
 * Reads traces while the service goes on, in an order in which no event falls between two looks. An event moves on by
 * being written further down before its offset is committed here: so first comes what is committed, then everything else.
 * A letter is closed together with the copy that takes its place: so what was closed after the beginning is left out.
 */
export async function gather(reading: Reading, { topics, wants, visit }: Sought): Promise<Grounds> {
  const { reader, topology, groupId, signal, progress } = reading;
  const letters = topics.filter(({ topic }) => topic === topology.deadLetters);
  const closings = new Set<string>();
  await scan(reader, {
    topics: letters,
    wants: ({ headers = {} }) => closesLetter(headers),
    visit: (record) => closings.add(recordName(record)),
    signal,
  });
  const read = [...new Set(topics.map(({ topic }) => topic))].filter((topic) => isRead(topology, topic));
  const committed = await reader.committed(groupId, read);
  const unread = await scan(reader, {
    topics,
    wants,
    visit: (record) => {
      const trace = traceOf(record, topology);
      if (trace === undefined || (trace.kind === 'closed' && !closings.has(recordName(record)))) return;
      visit(trace, record);
    },
    ...(progress && { progress: ({ offsets, of }) => progress(offsets, of) }),
    signal,
  });
  return { committed, unread };
}

/** Whether the group reads a topic, and so commits there. */
function isRead(topology: Topology, topic: string): boolean {
  const role = topology.roleOf(topic);
  return role === 'source' || role === 'retry';
}
