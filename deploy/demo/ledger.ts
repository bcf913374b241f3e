import { originOf, type Evidence, type Letter, type ParkedCopy, type SeenRequest, type Written } from './evidence.ts';
import { isSuccess, outOfOrder, waitedBehindKey } from './order.ts';

/**
 * The judgement of the demo: what became of every event, told by what the gateway saw and by what stands in the topics,
 * never by the service's own word.
 */

/** What must become of the event with this name: its payment, or the key of bytes that are no event. */
export interface Expectation {
  readonly name: string;
  readonly verdict: 'delivered' | 'dead_lettered';
  /** Of a dead letter: `notifier-dead-letter-reason` and `notifier-reason`. */
  readonly reason?: string;
  readonly detail?: string;
  /** Requests the gateway must have seen; any number from 1 where absent. */
  readonly attempts?: number;
}

/** Where an event can be; it must be in exactly one of the first four. */
export type Place = 'delivered' | 'dead_lettered' | 'waiting' | 'uncommitted' | 'lost' | 'not_written';

/** One event and what it got. */
export interface Row {
  readonly name: string;
  readonly partition: number;
  readonly offset: number;
  readonly place: Place;
  /** Of a dead letter. */
  readonly letter?: { readonly reason: string; readonly detail: string };
  readonly attempts: number;
  /** Its record key, where it waited behind an earlier event of that key. */
  readonly waitedBehind?: string;
  /** From the write to the verdict; absent while there is none. */
  readonly seconds?: number;
  /** What the gateway answered, in order. */
  readonly answers: readonly string[];
  /** What is not as expected; empty where all is. */
  readonly faults: readonly string[];
}

/** How many events there are of each kind. */
export interface Totals {
  readonly events: number;
  readonly accountedFor: number;
  readonly delivered: number;
  readonly deadLettered: number;
  readonly waiting: number;
  readonly uncommitted: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly outOfOrder: number;
  readonly early: number;
}

/** The books, closed. */
export interface Judgement {
  readonly rows: readonly Row[];
  readonly totals: Totals;
  /** Everything that is not as it must be, a line each. */
  readonly faults: readonly string[];
}

interface Findings {
  readonly duplicates: string[];
  readonly early: string[];
  readonly other: string[];
}

interface Traces {
  readonly written: readonly Written[];
  readonly requests: readonly SeenRequest[];
  readonly letters: readonly Letter[];
  readonly copies: readonly ParkedCopy[];
  readonly committed: number;
}

/** Looks for every event wherever it can be, and names all that is not as expected. */
export function judge(expectations: readonly Expectation[], evidence: Evidence): Judgement {
  const written = groupBy(evidence.written, ({ name }) => name);
  const requests = groupBy(evidence.requests, ({ paymentId }) => paymentId);
  const letters = groupBy(evidence.letters, ({ origin }) => origin);
  const copies = groupBy(evidence.parked, ({ origin }) => origin);
  const tracesOf = (name: string, records: readonly Written[]): Traces => {
    const [record] = records;
    const origin = record === undefined ? '' : originOf(record);
    return {
      written: records,
      requests: requests.get(name) ?? [],
      letters: letters.get(origin) ?? [],
      copies: copies.get(origin) ?? [],
      committed: evidence.committed.get(record?.partition ?? -1) ?? 0,
    };
  };
  const hasty = outOfOrder(evidence.written, (record) => tracesOf(record.name, [record]));
  const counts = { duplicates: 0, early: 0 };
  const rows = expectations.map((expectation): Row => {
    const { name } = expectation;
    const traces = tracesOf(name, written.get(name) ?? []);
    const findings = inspect(expectation, traces);
    counts.duplicates += findings.duplicates.length;
    counts.early += findings.early.length;
    const disorder = hasty.get(name) ?? [];
    return row(name, traces, [...findings.other, ...findings.duplicates, ...findings.early, ...disorder]);
  });
  const strangers = unexplained(new Set(expectations.map(({ name }) => name)), evidence);
  const count = (place: Place): number => rows.filter((each) => each.place === place).length;
  return {
    rows,
    totals: {
      events: rows.length,
      accountedFor: rows.filter(({ faults }) => faults.length === 0).length,
      delivered: count('delivered'),
      deadLettered: count('dead_lettered'),
      waiting: count('waiting'),
      uncommitted: count('uncommitted'),
      lost: count('lost') + count('not_written'),
      outOfOrder: hasty.size,
      ...counts,
    },
    faults: [...rows.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault}`)), ...strangers],
  };
}

function row(name: string, traces: Traces, faults: readonly string[]): Row {
  const { written, requests, letters } = traces;
  const [record] = written;
  const [letter] = letters;
  const [place = record === undefined ? 'not_written' : 'lost'] = places(traces);
  const success = requests.find(isSuccess);
  const settledAt = place === 'delivered' ? (success?.answeredAt ?? success?.at) : letter?.at;
  return {
    name,
    partition: record?.partition ?? -1,
    offset: record?.offset ?? -1,
    place,
    ...(letter !== undefined && { letter: { reason: letter.reason, detail: letter.detail } }),
    attempts: requests.length,
    ...(record !== undefined && waitedBehindKey(traces) && { waitedBehind: record.key }),
    ...(record !== undefined && settledAt !== undefined && { seconds: Math.max(0, settledAt - record.at) / 1_000 }),
    answers: requests.map(({ answered }) => answered),
    faults,
  };
}

function places({ written: [record], requests, letters, copies, committed }: Traces): Place[] {
  return [
    ...(requests.some(isSuccess) ? (['delivered'] as const) : []),
    ...(letters.length > 0 ? (['dead_lettered'] as const) : []),
    ...(copies.some(({ waiting }) => waiting) ? (['waiting'] as const) : []),
    ...(record !== undefined && record.offset >= committed ? (['uncommitted'] as const) : []),
  ];
}

function inspect(expected: Expectation, traces: Traces): Findings {
  const { written, requests, letters, copies } = traces;
  if (written.length === 0) return { duplicates: [], early: [], other: ['does not stand in the source topic'] };
  const found = places(traces);
  const [place = 'lost'] = found;
  const successAt = requests.findIndex(isSuccess);
  const repeats = successAt < 0 ? 0 : requests.length - 1 - successAt;
  const live = copies.filter(({ waiting }) => waiting).length;
  const hashes = [...requests, ...copies].flatMap(({ bodySha256 }) => bodySha256 ?? []);
  const when = (is: boolean, fault: string): string[] => (is ? [fault] : []);
  return {
    duplicates: [
      ...when(written.length > 1, `stands ${written.length} times in the source topic`),
      ...when(repeats > 0, `sent ${repeats} more time(s) after the gateway had said S`),
      ...when(letters.length > 1, `is ${letters.length} dead letters`),
      ...when(live > 1, `waits in ${live} live copies`),
      ...when(found.length > 1, `is in more than one place: ${found.join(', ')}`),
    ],
    early: copies.flatMap((copy) => earliness(copy, requests)),
    other: [
      ...when(place !== expected.verdict, `expected ${expected.verdict}, is ${place}`),
      ...when(
        place === 'dead_lettered' && place === expected.verdict && letters.some((letter) => !fits(letter, expected)),
        misfit(letters, expected),
      ),
      ...when(
        requests.length !== (expected.attempts ?? Math.max(1, requests.length)),
        `expected ${expected.attempts ?? 'some'} request(s), the gateway saw ${requests.length}`,
      ),
      ...when(new Set(hashes).size > 1, 'a retry did not send the same body bytes'),
      ...requests
        .filter(({ verification }) => verification !== 'verified')
        .map(({ seq, verification }) => `request ${seq} was wrong in itself: ${verification}`),
    ],
  };
}

function earliness({ attempts, notBefore, tier }: ParkedCopy, requests: readonly SeenRequest[]): string[] {
  const next = requests.find(({ attempt }) => attempt === attempts + 1);
  if (next === undefined || next.at >= notBefore) return [];
  return [`sent ${notBefore - next.at} ms before its time in tier ${tier}`];
}

function fits({ reason, detail }: Letter, expected: Expectation): boolean {
  return reason === expected.reason && detail === expected.detail;
}

function misfit([letter]: readonly Letter[], { reason, detail }: Expectation): string {
  return `expected a dead letter ${reason} (${detail}), is ${letter?.reason} (${letter?.detail})`;
}

/** What nobody wrote must not be there either. */
function unexplained(names: ReadonlySet<string>, { written, requests, letters, parked }: Evidence): string[] {
  const origins = new Set(written.map(originOf));
  return [
    ...requests
      .filter(({ paymentId }) => !names.has(paymentId))
      .map(({ seq, paymentId }) => `request ${seq} is for "${paymentId}", which nobody wrote`),
    ...[...letters, ...parked]
      .filter(({ origin }) => !origins.has(origin))
      .map(({ origin }) => `a record in a topic names the origin ${origin}, which nobody wrote`),
  ];
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
