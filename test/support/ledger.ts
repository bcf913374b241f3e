import { byEvent, type Trace } from '../../src/inspect/history.ts';
import { isCommitted, liveCopies, openLetters, whereIs, type Whereabouts } from '../../src/inspect/where-is.ts';
import { readTraces } from './traces.ts';
import type { World } from './world.ts';

/** What became of the events of a world, told by the gateway's record and the topics, never by the service. */
export interface Ledger {
  /** Payment ids, or `partition:offset` of records that are no events. */
  readonly delivered: readonly string[];
  readonly deadLettered: readonly string[];
  /** Waiting in a retry topic. */
  readonly parked: readonly string[];
  readonly uncommitted: readonly string[];
  /** In none of these. */
  readonly lost: readonly string[];
  /** In more than one of these, or waiting in more than one copy. */
  readonly doubled: readonly string[];
  /**
   * In one of the first two, but its outcomes tell of another verdict, of none, or of more verdicts than it has had. One that
   * stands twice byte for byte is one. None where the world has no outcomes topic.
   */
  readonly mistold: readonly string[];
  /** Where the topics alone say that an event is somewhere else than it is. */
  readonly misjudged: readonly string[];
  /** Requests for payments whose success the gateway had already told. */
  readonly repeats: number;
  /**
   * `earlier>later` of one partition, or key, whose first requests came the other way round, and of one key where the
   * later one was sent before the gateway had told its verdict on the earlier one.
   */
  readonly disorder: readonly string[];
}

const PLACES: Readonly<Record<Whereabouts['kind'], string>> = {
  delivered: 'delivered',
  dead_lettered: 'deadLettered',
  waiting: 'parked',
  not_settled: 'uncommitted',
  unknown: '',
};

/** Keeps the books: every event that was written is looked for wherever it can be. */
export async function keepLedger(world: World, ordering: 'partition' | 'key' = 'partition'): Promise<Ledger> {
  const delivered = new Map<string, number>();
  let repeats = 0;
  for (const { paymentId, answered } of world.simulator.requests()) {
    if (delivered.has(paymentId)) repeats += 1;
    if (answered === 'S SUCCESS') delivered.set(paymentId, (delivered.get(paymentId) ?? 0) + 1);
  }
  const { traces, committed } = await readTraces(world);
  const events = byEvent(traces);

  const ledger = {
    delivered: [],
    deadLettered: [],
    parked: [],
    uncommitted: [],
    lost: [],
    doubled: [],
    mistold: [],
    misjudged: [],
  } as Record<string, string[]>;
  const isTold = world.settings['OUTCOMES_TOPIC'] !== '';
  for (const { partition, offset, paymentId } of world.written) {
    const at = `${String(partition)}:${String(offset)}`;
    const name = paymentId === '' ? at : paymentId;
    const event = events.get(`${world.source}:${at}`) ?? [];
    const copies = liveCopies(event, committed).length;
    const places = [
      ...(delivered.has(paymentId) ? ['delivered'] : []),
      ...(openLetters(event).length > 0 ? ['deadLettered'] : []),
      ...(copies > 0 ? ['parked'] : []),
      ...(isCommitted({ topic: world.source, partition, offset }, committed) ? [] : ['uncommitted']),
    ];
    for (const place of places) ledger[place]?.push(name);
    if (places.length === 0) ledger['lost']?.push(name);
    if (places.length > 1 || copies > 1) ledger['doubled']?.push(name);
    const [place = ''] = places;
    const letters = event.filter(({ kind }) => kind === 'letter').length;
    if (isTold && places.length === 1 && isMistold(event, place, (delivered.get(paymentId) ?? 0) + letters)) {
      ledger['mistold']?.push(name);
    }
    const { kind } = whereIs(event, { committed, complete: true });
    if (places.length === 1 && event.length > 0 && PLACES[kind] !== place)
      ledger['misjudged']?.push(`${name}: ${kind}`);
  }
  return {
    ...(ledger as unknown as Omit<Ledger, 'repeats' | 'disorder'>),
    repeats,
    disorder: disorder(world, ordering),
  };
}

/** @param reached how many verdicts there were: deliveries and letters */
function isMistold(event: readonly Trace[], place: string, reached: number): boolean {
  if (place !== 'delivered' && place !== 'deadLettered') return false;
  const outcomes = event.filter((trace) => trace.kind === 'outcome');
  const told = new Set(outcomes.map(({ topic, partition, offset, at, kind, ...outcome }) => JSON.stringify(outcome)));
  const verdict = place === 'delivered' ? 'delivered' : 'dead_lettered';
  return told.size > reached || !outcomes.some((outcome) => outcome.verdict === verdict);
}

function disorder(world: World, ordering: 'partition' | 'key'): string[] {
  const firstSeen = new Map<string, number>();
  const known = new Map<string, number>();
  for (const { paymentId, seq, answered } of world.simulator.requests()) {
    if (!firstSeen.has(paymentId)) firstSeen.set(paymentId, seq);
    if (VERDICT.test(answered) && !known.has(paymentId)) known.set(paymentId, seq);
  }
  const wrong: string[] = [];
  const last = new Map<string, { id: string; seq: number }>();
  const lastOfKey = new Map<string, string>();
  const inOrder = [...world.written].sort((a, b) => a.partition - b.partition || a.offset - b.offset);
  for (const { partition, key, paymentId } of inOrder) {
    const seq = firstSeen.get(paymentId);
    if (seq === undefined) continue;
    const chain = ordering === 'partition' ? String(partition) : `${String(partition)}:${key ?? ''}`;
    const before = last.get(chain);
    if (before !== undefined && before.seq > seq) wrong.push(`${before.id}>${paymentId}`);
    last.set(chain, { id: paymentId, seq });
    const ofKey = `${String(partition)}:${key ?? paymentId}`;
    const earlier = lastOfKey.get(ofKey);
    if (earlier !== undefined && seq < (known.get(earlier) ?? 0)) wrong.push(`${earlier}>${paymentId}`);
    lastOfKey.set(ofKey, paymentId);
  }
  return wrong;
}

/** What the gateway said and signed for good. */
const VERDICT = /^(S SUCCESS|F PROCESS_FAIL|F PARAM_ILLEGAL)$/;
