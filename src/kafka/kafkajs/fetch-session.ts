/** What a fetch within a session asks for; names as kafkajs has them. */
export interface SessionQuery {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly topics: readonly {
    topic: string;
    partitions: { partition: number; fetchOffset: string; maxBytes: number }[];
  }[];
  readonly forgottenTopics: readonly { topic: string; partitions: number[] }[];
}

/** Of the session, what a broker answers; a broker of before version 7 of the protocol says nothing. */
export interface SessionAnswer {
  readonly errorCode?: number;
  readonly sessionId?: number;
}

interface Place {
  /** As the broker was told last. */
  offset: string;
  /** The round in which it was wanted last. */
  round: number;
  /** The broker has yet to be told. */
  isNews: boolean;
}

const NONE = 0;
const FIRST_EPOCH = 0;
const LAST_EPOCH = 2 ** 31 - 1;

/**
 * A fetch session with one broker (KIP-227): it remembers what it was asked for, so a request names only what has changed
 * since the last one, and an answer only the partitions that have something new. What is left out costs nothing, however
 * many partitions there are.
 *
 * Each round every partition that is wanted is told to `want`; `query` ends the round. Where anything is doubtful
 * (`lost`: an error, no answer, a session that the broker does not know) the next query asks for everything anew. A broker
 * may refuse to keep sessions; then every query does.
 */
export class FetchSession {
  readonly #maxBytes: number;
  #places = new Map<string, Map<number, Place>>();
  #id = NONE;
  #epoch = FIRST_EPOCH;
  #round = 0;
  #wanted = 0;
  #known = 0;

  /** @param maxBytes of each partition in an answer */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** This partition, from this offset on. */
  want(topic: string, partition: number, offset: string): void {
    let places = this.#places.get(topic);
    if (places === undefined) this.#places.set(topic, (places = new Map<number, Place>()));
    const place = places.get(partition);
    this.#wanted += 1;
    if (place === undefined) {
      places.set(partition, { offset, round: this.#round, isNews: true });
      this.#known += 1;
      return;
    }
    place.round = this.#round;
    if (place.offset === offset) return;
    place.offset = offset;
    place.isNews = true;
  }

  /** Whether there is something to ask for in this round. */
  get isWanted(): boolean {
    return this.#wanted > 0;
  }

  /** What to ask for in this round; the next one begins. */
  query(): SessionQuery {
    const forgottenTopics = this.#wanted < this.#known ? this.#forget() : [];
    const topics = [];
    for (const [topic, places] of this.#places) {
      const partitions = [];
      for (const [partition, place] of places) {
        if (!place.isNews && this.#epoch !== FIRST_EPOCH) continue;
        place.isNews = false;
        partitions.push({ partition, fetchOffset: place.offset, maxBytes: this.#maxBytes });
      }
      if (partitions.length > 0) topics.push({ topic, partitions });
    }
    this.#round += 1;
    this.#wanted = 0;
    const isWhole = this.#epoch === FIRST_EPOCH;
    return {
      sessionId: this.#id,
      sessionEpoch: this.#epoch,
      topics,
      forgottenTopics: isWhole ? [] : forgottenTopics,
    };
  }

  /** From which offset on the broker was asked for this partition. */
  askedFrom(topic: string, partition: number): string | undefined {
    return this.#places.get(topic)?.get(partition)?.offset;
  }

  /** The broker has answered the last query. @returns whether what it answered is of use */
  answered({ errorCode = 0, sessionId = NONE }: SessionAnswer): boolean {
    if (errorCode !== 0) {
      this.lost();
      return false;
    }
    this.#id = sessionId;
    if (sessionId === NONE) this.#epoch = FIRST_EPOCH;
    else this.#epoch = this.#epoch === LAST_EPOCH ? 1 : this.#epoch + 1;
    return true;
  }

  /** Nobody knows what the broker has heard: the next query closes the session, and opens another one. */
  lost(): void {
    this.#epoch = FIRST_EPOCH;
  }

  #forget(): { topic: string; partitions: number[] }[] {
    const forgotten = [];
    for (const [topic, places] of this.#places) {
      const partitions = [];
      for (const [partition, { round }] of places) {
        if (round === this.#round) continue;
        places.delete(partition);
        partitions.push(partition);
      }
      if (places.size === 0) this.#places.delete(topic);
      if (partitions.length > 0) forgotten.push({ topic, partitions });
      this.#known -= partitions.length;
    }
    return forgotten;
  }
}
