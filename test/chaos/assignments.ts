import kafkajs from 'kafkajs';
import type { StoredRecord } from '../support/topic-reader.ts';
import type { Owned } from './evidence.ts';

/** Where the coordinator stores, beside offsets, every generation of a group with its members and their assignments. */
export const GROUP_TOPIC = '__consumer_offsets';

const GROUP_METADATA_KEY = 2;
const LAST_KNOWN_VALUE = 3;

/** A group from one instant on: what each member owns, by client id and topic. */
export interface Assignments {
  readonly at: number;
  readonly members: readonly { readonly member: string; readonly topics: Readonly<Record<string, number[]>> }[];
}

/** What a record of the coordinator's topic tells of the group; `undefined` where it tells of something else. */
export function assignmentsIn(
  { key, value, timestamp }: Pick<StoredRecord, 'key' | 'value' | 'timestamp'>,
  group: string,
): Assignments | undefined {
  if (key === null || key.length < 2 || key.readInt16BE(0) !== GROUP_METADATA_KEY) return undefined;
  const keyReader = new Reader(key.subarray(2));
  if (keyReader.text() !== group) return undefined;
  if (value === null) return { at: timestamp, members: [] };
  const version = value.readInt16BE(0);
  if (version > LAST_KNOWN_VALUE) throw new Error(`group metadata of version ${version} cannot be read`);
  const reader = new Reader(value.subarray(2));
  reader.text(); // protocol type
  reader.int32(); // generation
  reader.text(); // protocol
  reader.text(); // leader
  if (version >= 2) reader.skip(8); // timestamp
  const members = Array.from({ length: reader.int32() }, () => {
    reader.text(); // member id
    if (version >= 3) reader.text(); // instance id
    const member = reader.text();
    reader.text(); // host
    if (version >= 1) reader.int32(); // rebalance time-out
    reader.int32(); // session time-out
    reader.bytes(); // subscription
    const assignment = reader.bytes();
    return { member, topics: assignment.length === 0 ? {} : topicsIn(assignment) };
  });
  return { at: timestamp, members };
}

/** Who owned what and when; topics that are of no tier are left out. */
export function ownedIn(history: readonly Assignments[], tierOf: (topic: string) => string | undefined): Owned[] {
  return history.flatMap(({ at, members }, index) => {
    const to = history[index + 1]?.at ?? Infinity;
    return members.map(({ member, topics }) => {
      const lanes = Object.entries(topics).flatMap(([topic, partitions]) => {
        const tier = tierOf(topic);
        return tier === undefined ? [] : partitions.map((partition) => `${tier}:${partition}`);
      });
      return { member, lanes: new Set(lanes), from: at, to };
    });
  });
}

function topicsIn(assignment: Buffer): Record<string, number[]> {
  return kafkajs.AssignerProtocol.MemberAssignment.decode(assignment)?.assignment ?? {};
}

/** Kafka's classic encoding, from front to back. */
class Reader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  skip(bytes: number): void {
    this.#at += bytes;
  }

  int32(): number {
    this.#at += 4;
    return this.#buffer.readInt32BE(this.#at - 4);
  }

  /** Empty for null. */
  text(): string {
    this.#at += 2;
    return this.#take(this.#buffer.readInt16BE(this.#at - 2)).toString();
  }

  bytes(): Buffer {
    return this.#take(this.int32());
  }

  #take(length: number): Buffer {
    const from = this.#at;
    this.#at += Math.max(0, length);
    return this.#buffer.subarray(from, this.#at);
  }
}
