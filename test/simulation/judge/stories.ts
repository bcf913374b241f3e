import { VERDICTS } from '../fates.ts';
import type { SeenRequest } from '../gateway.ts';
import { DEAD_LETTERS, OUTCOMES, SOURCE, topicOf } from '../plan.ts';

/** A record as it stands in a topic; the judge reads headers by itself. */
export interface StoredRecord {
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Where a record stands. */
interface Place {
  /** When its offset was first passed by a commit; absent as long as it is read again by whoever owns it next. */
  committedAt?: number;
}

/** A record of another topic that nobody reads. */
interface Written {
  readonly partition: number;
  readonly offset: number;
}

/** A record of a retry topic. */
export interface Copy extends Place {
  /** `1s` of `<source>.retry.1s`. */
  readonly tier: string;
  readonly offset: number;
  readonly hops: number;
  /** Requests sent so far; 0 for one that only waits behind another. */
  readonly attempts: number;
  readonly notBefore: number;
  /** When the broker took it. */
  readonly at: number;
}

/** Everything that has happened to one record of the source topic. */
export interface Story extends Place {
  readonly partition: number;
  readonly offset: number;
  /** Records of one key are told in their order; one without a key is alone. */
  readonly key: string | undefined;
  /** Empty for bytes that are no event. */
  readonly paymentId: string;
  readonly at: number;
  readonly requests: SeenRequest[];
  copies: Copy[];
  /** Its dead letters, and its outcomes. */
  letters: Written[];
  told: Written[];
  /** How many requests there had been when it was sent on its way again, out of the dead letters; 0 where it never was. */
  redrivenAfter: number;
  /** The topic in which it waited was deleted. */
  isLost: boolean;
}

const RETRY = `${SOURCE}.retry.`;

/** The tier that is read in this topic; `undefined` where none is. */
export function tierOf(topic: string): string | undefined {
  if (topic === SOURCE) return 'main';
  return topic.startsWith(RETRY) ? topic.slice(RETRY.length) : undefined;
}

/** All stories, kept up to date record by record. */
export class Stories {
  /** By partition, in the order of offsets; what is at an offset that no record has is absent. */
  readonly byPartition = new Map<number, Map<number, Story>>();
  readonly #byPayment = new Map<string, Story>();
  /** What stands at an offset of a retry topic: `<tier>:<partition>:<offset>`. */
  readonly #byCopy = new Map<string, { readonly story: Story; readonly copy: Copy }>();

  /** Behind the last record that was seen of each other topic's partition. */
  readonly #ends = new Map<string, number>();

  get all(): Story[] {
    return [...this.byPartition.values()].flatMap((stories) => [...stories.values()]);
  }

  /** @param paymentId of what the world itself has written to the source */
  written(partition: number, record: Pick<StoredRecord, 'offset' | 'key'>, paymentId: string, at: number): void {
    const { offset } = record;
    const key = record.key?.toString();
    const story: Story = {
      ...{ partition, offset, key, paymentId, at, requests: [], copies: [], letters: [] },
      ...{ told: [], redrivenAfter: 0, isLost: false },
    };
    const stories = this.byPartition.get(partition) ?? new Map<number, Story>();
    this.byPartition.set(partition, stories.set(offset, story));
    if (paymentId !== '') this.#byPayment.set(paymentId, story);
  }

  /**
   * A record that the service has written.
   *
   * @returns whose it is; `undefined` where nothing tells
   */
  appended(topic: string, partition: number, record: StoredRecord, at: number): Story | undefined {
    const tier = tierOf(topic);
    this.#ends.set(`${topic}:${partition}`, record.offset + 1);
    const story = this.#originOf(topic, record);
    if (story === undefined) return undefined;
    if (topic === DEAD_LETTERS) story.letters.push({ partition, offset: record.offset });
    if (topic === OUTCOMES) story.told.push({ partition, offset: record.offset });
    if (tier !== undefined) {
      const number = (name: string): number => Number(text(record, name));
      const [hops, attempts, notBefore] = [number('hops'), number('attempts'), number('not-before')];
      const copy = { tier, offset: record.offset, hops, attempts, notBefore, at };
      story.copies.push(copy);
      this.#byCopy.set(`${tier}:${partition}:${record.offset}`, { story, copy });
    }
    return story;
  }

  /** What stood there from this offset on is gone: its new leader does not have it, and nobody was told that it is safe. */
  lost(topic: string, partition: number, from: number): void {
    const place = `${topic}:${partition}`;
    if ((this.#ends.get(place) ?? 0) <= from) return;
    this.#ends.set(place, from);
    const isThere = (one: Written): boolean => one.partition !== partition || one.offset < from;
    const tier = tierOf(topic);
    for (const story of this.all) {
      if (topic === DEAD_LETTERS) story.letters = story.letters.filter(isThere);
      if (topic === OUTCOMES) story.told = story.told.filter(isThere);
      story.copies = story.copies.filter(
        (copy) => copy.tier !== tier || isThere({ partition: story.partition, ...copy }),
      );
    }
  }

  /** A letter has become a copy again, and everything begins anew but the bytes that are sent. */
  redriven(story: Story, copy: Copy): void {
    story.letters = [];
    story.copies = [copy];
    story.redrivenAfter = story.requests.length;
    const place = `${topicOf(copy.tier)}:${story.partition}`;
    this.#ends.set(place, Math.max(this.#ends.get(place) ?? 0, copy.offset + 1));
    this.#byCopy.set(`${copy.tier}:${story.partition}:${copy.offset}`, { story, copy });
  }

  /** @param isLive whether what stands at an offset of the tier is not committed yet */
  topicGone(tier: string, isLive: (partition: number, offset: number) => boolean): void {
    for (const story of this.all) {
      const newest = newestCopy(story);
      if (newest?.tier === tier && isLive(story.partition, newest.offset)) story.isLost = true;
      story.copies = story.copies.filter((copy) => copy.tier !== tier);
    }
    for (const at of this.#byCopy.keys()) if (at.startsWith(`${tier}:`)) this.#byCopy.delete(at);
  }

  /** @returns whose payment it is for; `undefined` where nobody has written it */
  requested(request: SeenRequest): Story | undefined {
    const story = this.#byPayment.get(request.paymentId);
    story?.requests.push(request);
    return story;
  }

  /** Whose record stands at an offset; `undefined` for a transaction's marker. */
  at(tier: string, partition: number, offset: number): Story | undefined {
    if (tier === 'main') return this.byPartition.get(partition)?.get(offset);
    return this.#byCopy.get(`${tier}:${partition}:${offset}`)?.story;
  }

  /** An offset was passed by a commit. @returns whose record stands there; `undefined` for a transaction's marker */
  committed(tier: string, partition: number, offset: number, at: number): Story | undefined {
    const story = this.at(tier, partition, offset);
    const place = tier === 'main' ? story : this.#byCopy.get(`${tier}:${partition}:${offset}`)?.copy;
    if (place !== undefined) place.committedAt ??= at;
    return story;
  }

  #originOf(topic: string, record: StoredRecord): Story | undefined {
    const [partition, offset] =
      topic === OUTCOMES
        ? outcomeOrigin(record)
        : [Number(text(record, 'origin-partition') ?? -1), Number(text(record, 'origin-offset') ?? -1)];
    return this.byPartition.get(partition ?? -1)?.get(offset ?? -1);
  }
}

/** A record's place and payment. */
export function nameOf({ partition, offset, paymentId }: Story): string {
  return `${partition}:${offset} (${paymentId === '' ? 'no event' : paymentId})`;
}

/** What stands in the history for it. */
export function namesOf({ partition, offset, paymentId }: Story): string[] {
  return [`main:${partition}:${offset}`, ...(paymentId === '' ? [] : [`${paymentId} `])];
}

/** The copy that counts: of those written before this time the one that was parked most often. */
export function newestCopy({ copies }: Story, before = Infinity): Copy | undefined {
  return copies
    .filter(({ at }) => at < before)
    .reduce<Copy | undefined>((newest, copy) => (newest && newest.hops > copy.hops ? newest : copy), undefined);
}

/** Every place of it, the source first. */
export function placesOf(story: Story): readonly Place[] {
  return [story, ...story.copies];
}

/**
 * Whether a copy was written by somebody who should have known better: after another one that was parked as often, or after
 * a verdict that somebody has heard.
 */
export function isLate(copy: Copy, { copies, requests, redrivenAfter }: Story): boolean {
  const others = copies.slice(0, copies.indexOf(copy));
  const sent = requests.slice(redrivenAfter);
  return others.some(({ hops }) => hops >= copy.hops) || sent.some((request) => heardVerdict(request, copy.at));
}

/** Whether somebody knew by then that no further request is needed. */
export function heardVerdict({ answered, heardAt }: SeenRequest, by = Infinity): boolean {
  return VERDICTS.has(answered) && heardAt !== undefined && heardAt < by;
}

function text({ headers }: StoredRecord, name: string): string | undefined {
  const value = headers[`notifier-${name}`];
  return value instanceof Buffer ? value.toString() : undefined;
}

function outcomeOrigin({ value }: StoredRecord): (number | undefined)[] {
  const { origin } = JSON.parse(value?.toString() ?? '{}') as { origin?: { partition: number; offset: number } };
  return [origin?.partition, origin?.offset];
}
