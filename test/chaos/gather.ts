import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Broker } from '../../deploy/local/broker.ts';
import { readOutcome } from '../../src/inspect/outcome.ts';
import type { ReceivedRequest } from '../../src/simulator/request-log.ts';
import { scanTopic, type Positions, type StoredRecord } from '../support/topic-reader.ts';
import { OUTCOMES, type World } from '../support/world.ts';
import { assignmentsIn, GROUP_TOPIC, ownedIn, type Assignments } from './assignments.ts';
import { groupNews } from './broker-log.ts';
import type { Copy, Evidence, Fault, Letter, SeenRequest, Told, Written } from './evidence.ts';

/** The coordinator makes a member id of a client id and this. */
const UUID_SUFFIX = '-00000000-0000-0000-0000-000000000000';

/** What is known of the topics; it grows from one look to the next. */
export class Gatherer {
  readonly #world: World;
  readonly #positions = new Map<string, Positions>();
  readonly #written: Written[] = [];
  readonly #copies: Copy[] = [];
  readonly #letters: Letter[] = [];
  readonly #told: Told[] = [];
  readonly #assignments: Assignments[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** Offsets first, then requests, then topics: whatever was committed has left its trace by then. */
  async look(): Promise<
    Pick<Evidence, 'written' | 'requests' | 'copies' | 'letters' | 'told' | 'committed' | 'owned'>
  > {
    const tiers = (await this.#world.topicSuffixes()).map((suffix) => suffix.slice('retry.'.length));
    const committed = new Map<string, number>();
    for (const tier of ['main', ...tiers]) {
      for (const [partition, offset] of await this.#world.committed(tier === 'main' ? '' : `retry.${tier}`)) {
        committed.set(`${tier}:${partition}`, Math.max(0, offset));
      }
    }
    const requests = this.#world.simulator.requests().map(seen);
    await this.#scan('', (record) => this.#written.push(written(record)));
    for (const tier of tiers) await this.#scan(`retry.${tier}`, (record) => this.#copies.push(copy(tier, record)));
    await this.#scan('dead-letter', (record) => this.#letters.push(letter(record)));
    await this.#scan(OUTCOMES, (record) => this.#told.push(...told(record)));
    await this.#scanTopic(GROUP_TOPIC, (record) => {
      const assignments = assignmentsIn(record, this.#world.group);
      if (assignments !== undefined) this.#assignments.push(assignments);
    });
    const owned = ownedIn(this.#assignments, (topic) => this.#tierOf(topic));
    return {
      committed,
      requests,
      owned,
      written: this.#written,
      copies: this.#copies,
      letters: this.#letters,
      told: this.#told,
    };
  }

  /** `main` for the source. */
  #tierOf(topic: string): string | undefined {
    const { source } = this.#world;
    const retry = `${source}.retry.`;
    if (topic === source) return 'main';
    return topic.startsWith(retry) ? topic.slice(retry.length) : undefined;
  }

  async #scan(suffix: string, visit: (record: StoredRecord) => void): Promise<void> {
    await this.#scanTopic(this.#world.topic(suffix), visit);
  }

  async #scanTopic(topic: string, visit: (record: StoredRecord) => void): Promise<void> {
    const positions = this.#positions.get(topic) ?? new Map<number, number>();
    this.#positions.set(topic, positions);
    await scanTopic(this.#world.kafka, topic, visit, positions);
  }
}

/** The outcomes that members could only log, by what is in a folder of their logs. */
export function toldInLogs(folder: string): Told[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.log'));
  const lines = files.flatMap((name) => readFileSync(`${folder}/${name}`, 'utf8').split('\n'));
  return lines
    .filter((line) => line.includes('"event":"outcome_unwritten"'))
    .map((line) => {
      const { origin, verdict, settledAt } = JSON.parse(line) as Pick<Told, 'verdict'> &
        Record<'origin' | 'settledAt', string>;
      const [, partition, offset] = origin.split(':').map(Number);
      return { partition: partition ?? -1, origin: offset ?? -1, verdict, settledAt: Date.parse(settledAt) };
    });
}

/** Rebalances, and members evicted though nobody had killed or frozen them, by the logs of the brokers. */
export function newsOfGroup(
  brokers: readonly Broker[],
  group: string,
  faults: readonly Fault[],
  since: number,
  sessionTimeoutMs: number,
): { rebalances: number; evictions: Fault[] } {
  const news = brokers.map(({ logFile }) => groupNews(readFileSync(logFile, 'utf8'), group, since));
  const wasSilenced = ({ at, member }: { at: number; member: string }): boolean =>
    faults.some(
      ({ kind, whom, from, to }) =>
        whom === member && from <= at && (kind === 'kill' || (kind === 'freeze' && at <= to + sessionTimeoutMs)),
    );
  return {
    rebalances: Math.max(0, ...news.map(({ generation }) => generation)),
    evictions: news
      .flatMap(({ evictions }) => evictions)
      .map(({ at, memberId }) => ({ at, member: memberId.slice(0, -UUID_SUFFIX.length) }))
      .filter((eviction) => !wasSilenced(eviction))
      .map(({ at, member }) => ({ kind: 'eviction', from: at, to: at, whom: member })),
  };
}

function seen({ requestTime, ...request }: ReceivedRequest): SeenRequest {
  const { seq, at, answeredAt, paymentId, answered, verification, bodySha256 } = request;
  const base = { seq, at, signedAt: Date.parse(requestTime) || at, paymentId, answered, verification, bodySha256 };
  return answeredAt === undefined ? base : { ...base, answeredAt };
}

function written({ partition, offset, key, timestamp, text }: StoredRecord): Written {
  return { partition, offset, key: key?.toString() ?? null, paymentId: text['payment'] ?? '', at: timestamp };
}

function copy(tier: string, { partition, offset, timestamp, headers, text }: StoredRecord): Copy {
  const number = (name: string): number => Number(text[`notifier-${name}`] ?? 0);
  const body = headers['notifier-body'];
  return {
    ...{ tier, partition, offset, at: timestamp },
    origin: number('origin-offset'),
    redriveCount: number('redrive-count'),
    hops: number('hops'),
    attempts: number('attempts'),
    notBefore: number('not-before'),
    reason: text['notifier-reason'] ?? '',
    ...(body === undefined ? {} : { bodySha256: createHash('sha256').update(body).digest('hex') }),
  };
}

function letter({ partition, offset, timestamp, text }: StoredRecord): Letter {
  return {
    ...{ partition, offset, at: timestamp },
    origin: Number(text['notifier-origin-offset'] ?? -1),
    reason: text['notifier-dead-letter-reason'] ?? '',
  };
}

function told({ value }: StoredRecord): Told[] {
  const outcome = readOutcome(value);
  if (outcome === undefined) return [];
  const { origin, verdict, settledAt = 0 } = outcome;
  return [{ partition: origin.partition, origin: origin.offset, verdict, settledAt }];
}
