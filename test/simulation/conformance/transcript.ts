import { readHead } from '../brokers/batch.ts';

/** A member's id as brokers make them: the client's id, and a random part. */
const MEMBER_ID = /^(.+)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const DAY_MS = 86_400_000;

/** What was answered, without what may differ between two sets of brokers: names, ids and times are told by their order. */
export class Transcript {
  readonly entries: { readonly label: string; readonly value: unknown }[] = [];
  readonly #name: string;
  readonly #startedAt: number;
  readonly #ids = new Map<string, string>();
  readonly #numbers = new Map<string, number>();

  constructor(name: string, startedAt: number) {
    this.#name = name;
    this.#startedAt = startedAt;
  }

  note(label: string, value: unknown): void {
    this.entries.push({ label, value: this.#plain(value, '') });
  }

  #plain(value: unknown, key: string): unknown {
    if (value instanceof Buffer) return key === 'records' ? this.#batches(value) : this.#text(value.toString('latin1'));
    if (Array.isArray(value)) return inOrder(value.map((item) => this.#plain(item, key)));
    if (typeof value === 'string') return OF_THE_MACHINE.has(key) ? key : this.#text(value);
    if (typeof value === 'number') return this.#number(value, key);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, this.#plain(item, name)]));
  }

  #text(text: string): string {
    const member = MEMBER_ID.exec(text);
    if (member !== null) return this.#named(text, `member of ${member[1] ?? ''}`);
    return text.replaceAll(this.#name, 'NAME');
  }

  #number(value: number, key: string): unknown {
    if (key === 'port' || key === 'controllerId') return key;
    if (key === 'sessionId' && value > 0) return this.#named(`session ${value}`, 'session');
    if (key === 'producerId' && value >= 0) return this.#named(`producer ${value}`, 'producer');
    if (/time/i.test(key) && Math.abs(value - this.#startedAt) < DAY_MS) {
      return value < this.#startedAt + 30_000 ? `start + ${value - this.#startedAt}` : 'the present';
    }
    return value;
  }

  #named(id: string, kind: string): string {
    const known = this.#ids.get(id);
    if (known !== undefined) return known;
    const number = (this.#numbers.get(kind) ?? 0) + 1;
    this.#numbers.set(kind, number);
    const name = `${kind} #${number}`;
    this.#ids.set(id, name);
    return name;
  }

  /** Batch by batch, the last one maybe cut off. */
  #batches(bytes: Buffer): unknown[] {
    const batches: unknown[] = [];
    for (let at = 0; at < bytes.length;) {
      const size = bytes.length - at < 12 ? Infinity : 12 + bytes.readInt32BE(at + 8);
      if (at + size > bytes.length) return [...batches, { cutOffAfter: bytes.length - at }];
      const batch = bytes.subarray(at, at + size);
      const leaderEpoch = batch.readInt32BE(12);
      batches.push(this.#plain({ ...readHead(batch), leaderEpoch, body: batch.subarray(61) }, ''));
      at += size;
    }
    return batches;
  }
}

/** Texts that say which machine it is. */
const OF_THE_MACHINE = new Set(['host', 'clusterId']);

/** Members, settings and kafkajs' list of what was written come in whatever order a hash table of the broker's has them. */
function inOrder(items: unknown[]): unknown[] {
  const nameOf = (item: unknown): string | undefined => {
    if (typeof item !== 'object' || item === null) return undefined;
    if ('memberId' in item) return String(item.memberId);
    if ('high' in item && 'partition' in item) return String(item.partition);
    if ('topicName' in item && 'partition' in item) return `${String(item.topicName)}:${String(item.partition)}`;
    return 'synonyms' in item && 'name' in item ? String(item.name) : undefined;
  };
  if (items.some((item) => nameOf(item) === undefined)) return items;
  return items.sort((one, other) => ((nameOf(one) ?? '') < (nameOf(other) ?? '') ? -1 : 1));
}
