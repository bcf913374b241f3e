import { errorType } from './errors.ts';
import { privatePart } from './private-parts.ts';

/** What an ACL can allow, of what concerns us, by the bit that brokers use for it. */
const OPERATION_BITS = { READ: 3, WRITE: 4, CREATE: 5, ALTER: 7, DESCRIBE: 8, DESCRIBE_CONFIGS: 10 } as const;

/** An operation as ACLs name it. */
export type Operation = keyof typeof OPERATION_BITS;

/** What this user may do with a resource; `undefined` where the broker does not say. */
export type Allowed = ReadonlySet<Operation> | undefined;

/** A topic as its brokers describe it. Without partitions where there is an `error`: the protocol's name for it. */
export interface DescribedTopic {
  readonly topic: string;
  readonly error?: string;
  /** `leader` is a node id, -1 where nobody leads; the others count brokers. */
  readonly partitions: readonly { readonly leader: number; readonly replicas: number; readonly inSync: number }[];
  readonly allowed: Allowed;
}

/** Topics, and the brokers as they name themselves. */
export interface DescribedCluster {
  readonly brokers: readonly { readonly nodeId: number; readonly address: string }[];
  readonly topics: readonly DescribedTopic[];
}

/** A group as its coordinator describes it. `state` is Kafka's word: `Stable`, `Empty`, `Dead` (there is none) … */
export interface DescribedGroup {
  readonly error?: string;
  readonly state: string;
  /** Which assigner its members agreed on; empty while there are none. */
  readonly protocol: string;
  readonly members: readonly { readonly clientId: string; readonly host: string }[];
  readonly allowed: Allowed;
}

/** What a connection of kafkajs sends, and how the answer is read. */
export interface Protocol<T> {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    readonly encode: () => Promise<Encoder>;
  };
  readonly response: {
    readonly decode: (bytes: Buffer) => Promise<T>;
    readonly parse: (answer: T) => Promise<T>;
  };
}

interface Encoder {
  writeArray(items: readonly string[], type: 'string', length?: number): Encoder;
  writeBoolean(value: boolean): Encoder;
}

interface Decoder {
  readInt16(): number;
  readInt32(): number;
  readString(): string | null;
  readBoolean(): boolean;
  readBytes(): Buffer | null;
  readArray<T>(item: (decoder: Decoder) => T): T[];
}

const NewEncoder = privatePart('protocol/encoder') as new () => Encoder;
const NewDecoder = privatePart('protocol/decoder') as new (bytes: Buffer) => Decoder;
const { createErrorFromCode } = privatePart('protocol/error') as { createErrorFromCode: (code: number) => Error };
const keys = privatePart('protocol/requests/apiKeys') as Record<'Metadata' | 'DescribeGroups', number>;

/**
 * Metadata, version 8: the first in which brokers tell what this user may do, and one more than kafkajs speaks.
 *
 * @param topics all there are, without rights, where it is `undefined`
 */
export function describeTopics(topics: readonly string[] | undefined): Protocol<DescribedCluster> {
  return protocol('Metadata', 8, {
    encode: (encoder) =>
      encoder
        .writeArray(topics ?? [], 'string', topics?.length ?? -1)
        .writeBoolean(false)
        .writeBoolean(false)
        .writeBoolean(topics !== undefined),
    decode: (decoder): DescribedCluster => {
      decoder.readInt32();
      const brokers = decoder.readArray((broker) => {
        const nodeId = broker.readInt32();
        const address = `${broker.readString() ?? ''}:${broker.readInt32()}`;
        broker.readString();
        return { nodeId, address };
      });
      decoder.readString();
      decoder.readInt32();
      return { brokers, topics: decoder.readArray(topicOf) };
    },
  });
}

function topicOf(decoder: Decoder): DescribedTopic {
  const error = errorOf(decoder.readInt16());
  const topic = decoder.readString() ?? '';
  decoder.readBoolean();
  const partitions = decoder.readArray((partition) => {
    partition.readInt16();
    partition.readInt32();
    const leader = partition.readInt32();
    partition.readInt32();
    const count = (): number => partition.readArray((node) => node.readInt32()).length;
    const counts = { replicas: count(), inSync: count() };
    count();
    return { leader, ...counts };
  });
  return { topic, ...error, partitions, allowed: allowedBy(decoder.readInt32()) };
}

/** DescribeGroups, version 3, for the same reason. To be asked of the group's coordinator. */
export function describeGroup(groupId: string): Protocol<DescribedGroup> {
  return protocol('DescribeGroups', 3, {
    encode: (encoder) => encoder.writeArray([groupId], 'string').writeBoolean(true),
    decode: (decoder) => {
      decoder.readInt32();
      const [group] = decoder.readArray(groupOf);
      if (group === undefined) throw new Error('the coordinator described no group');
      return group;
    },
  });
}

function groupOf(decoder: Decoder): DescribedGroup {
  const error = errorOf(decoder.readInt16());
  decoder.readString();
  const state = decoder.readString() ?? '';
  decoder.readString();
  const protocol = decoder.readString() ?? '';
  const members = decoder.readArray((member) => {
    member.readString();
    const [clientId, host] = [member.readString() ?? '', member.readString() ?? ''];
    member.readBytes();
    member.readBytes();
    return { clientId, host };
  });
  return { ...error, state, protocol, members, allowed: allowedBy(decoder.readInt32()) };
}

function protocol<T>(
  apiName: 'Metadata' | 'DescribeGroups',
  apiVersion: number,
  how: { readonly encode: (encoder: Encoder) => Encoder; readonly decode: (decoder: Decoder) => T },
): Protocol<T> {
  return {
    request: {
      ...{ apiKey: keys[apiName], apiVersion, apiName },
      encode: () => Promise.resolve(how.encode(new NewEncoder())),
    },
    response: {
      decode: (bytes) => Promise.resolve(how.decode(new NewDecoder(bytes))),
      parse: (answer) => Promise.resolve(answer),
    },
  };
}

/** Brokers say it as a number of bits; the lowest number there is stands for "not said". */
function allowedBy(bits: number): Allowed {
  if (bits === -(2 ** 31)) return undefined;
  const operations = Object.entries(OPERATION_BITS) as [Operation, number][];
  return new Set(operations.filter(([, bit]) => (bits & (1 << bit)) !== 0).map(([operation]) => operation));
}

function errorOf(code: number): { readonly error?: string } {
  if (code === 0) return {};
  return { error: errorType(createErrorFromCode(code)) ?? `error ${code}` };
}
