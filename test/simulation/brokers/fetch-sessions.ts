import { ERROR } from './error-codes.ts';
import type { Request, Response } from './messages/apis.ts';

type FetchRequest = Request<'Fetch'>;
export type FetchAnswer = Response<'Fetch'>['topics'][number]['partitions'][number];
type Position = FetchRequest['topics'][number]['partitions'][number];

/** What is wanted of one partition. */
export interface Wanted extends Position {
  readonly name: string;
}

/** What was found of it. */
export interface Found {
  readonly name: string;
  readonly answer: FetchAnswer;
}

/** What a request asks for, with what its session knows, and which of the answers it is told. */
export interface FetchContext {
  readonly wanted: readonly Wanted[];
  told(found: readonly Found[]): { readonly sessionId: number; readonly found: readonly Found[] };
}

/** A partition as a session remembers it: asked for until it is forgotten, told when there is something new. */
interface Remembered {
  wanted: Wanted;
  highWatermark: number;
  logStartOffset: number;
}

interface Session {
  readonly id: number;
  epoch: number;
  usedAt: number;
  readonly partitions: Map<string, Remembered>;
}

export interface SessionRules {
  /** `max.incremental.fetch.session.cache.slots` */
  readonly fetchSessionSlots: number;
  /** `min.incremental.fetch.session.eviction.ms`: a session that is not used for so long makes room for another one. */
  readonly fetchSessionEvictionMs: number;
}

const [NO_SESSION, CLOSING_EPOCH, FIRST_EPOCH, LAST_EPOCH] = [0, -1, 0, 2 ** 31 - 1];

/** The fetch sessions of one broker (KIP-227): a client that fetches again and again says only what has changed, and so does its broker. */
export class FetchSessions {
  readonly #sessions = new Map<number, Session>();
  readonly #rules: SessionRules;
  readonly #random: () => number;

  constructor(rules: SessionRules, random: () => number) {
    this.#rules = rules;
    this.#random = random;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** All of them are gone, as after a restart. */
  clear(): void {
    this.#sessions.clear();
  }

  /** @returns an error code where the request does not go with its session */
  contextOf(request: FetchRequest): FetchContext | number {
    const { sessionId, sessionEpoch } = request;
    if (sessionEpoch === CLOSING_EPOCH || sessionEpoch === FIRST_EPOCH) {
      this.#sessions.delete(sessionId);
      return sessionEpoch === CLOSING_EPOCH ? withoutSession(request) : this.#opening(request);
    }
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return ERROR.FETCH_SESSION_ID_NOT_FOUND;
    if (session.epoch !== sessionEpoch) return ERROR.INVALID_FETCH_SESSION_EPOCH;
    update(session, request);
    if (session.partitions.size === 0) {
      this.#sessions.delete(sessionId);
      return withoutSession(request);
    }
    session.usedAt = Date.now();
    session.epoch = session.epoch === LAST_EPOCH ? 1 : session.epoch + 1;
    return {
      wanted: [...session.partitions.values()].map(({ wanted }) => wanted),
      told: (found) => ({ sessionId, found: found.filter((one) => isNews(session, one)) }),
    };
  }

  #opening(request: FetchRequest): FetchContext {
    const wanted = wantedOf(request);
    return {
      wanted,
      told: (found) => {
        if (!this.#hasRoom()) return { sessionId: NO_SESSION, found };
        const session: Session = { id: this.#newId(), epoch: 1, usedAt: Date.now(), partitions: new Map() };
        for (const one of wanted) remember(session, one);
        for (const one of found) isNews(session, one);
        this.#sessions.set(session.id, session);
        return { sessionId: session.id, found };
      },
    };
  }

  #hasRoom(): boolean {
    if (this.#sessions.size < this.#rules.fetchSessionSlots) return true;
    const [oldest] = [...this.#sessions.values()].sort((one, other) => one.usedAt - other.usedAt);
    if (oldest === undefined || Date.now() - oldest.usedAt <= this.#rules.fetchSessionEvictionMs) return false;
    return this.#sessions.delete(oldest.id);
  }

  #newId(): number {
    for (;;) {
      const id = 1 + Math.floor(this.#random() * (2 ** 31 - 2));
      if (!this.#sessions.has(id)) return id;
    }
  }
}

function withoutSession(request: FetchRequest): FetchContext {
  return { wanted: wantedOf(request), told: (found) => ({ sessionId: NO_SESSION, found }) };
}

function wantedOf({ topics }: FetchRequest): Wanted[] {
  return topics.flatMap(({ name, partitions }) => partitions.map((partition) => ({ name, ...partition })));
}

function update(session: Session, request: FetchRequest): void {
  for (const wanted of wantedOf(request)) remember(session, wanted);
  for (const { name, partitions } of request.forgottenTopics) {
    for (const index of partitions) session.partitions.delete(`${name}:${index}`);
  }
}

function remember(session: Session, wanted: Wanted): void {
  const key = `${wanted.name}:${wanted.index}`;
  const known = session.partitions.get(key);
  if (known === undefined) session.partitions.set(key, { wanted, highWatermark: -1, logStartOffset: -1 });
  else known.wanted = wanted;
}

/** Whether there is anything to tell; who was told of records comes last in the next answer. */
function isNews({ partitions }: Session, { name, answer }: Found): boolean {
  const key = `${name}:${answer.index}`;
  const known = partitions.get(key);
  if (known === undefined) return false;
  const hasRecords = (answer.records?.length ?? 0) > 0;
  const isNew =
    hasRecords ||
    answer.errorCode !== 0 ||
    known.highWatermark !== answer.highWatermark ||
    known.logStartOffset !== answer.logStartOffset;
  known.highWatermark = answer.errorCode === 0 ? answer.highWatermark : -1;
  known.logStartOffset = answer.logStartOffset;
  if (hasRecords) {
    partitions.delete(key);
    partitions.set(key, known);
  }
  return isNew;
}
