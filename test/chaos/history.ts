import type { Copy, Evidence, Letter, SeenRequest, Told, Written } from './evidence.ts';

const FINAL = new Set(['S SUCCESS', 'F PROCESS_FAIL', 'F PARAM_ILLEGAL']);

/** What happened to one record of the source topic, each list in its order of time. */
export interface History {
  readonly written: Written;
  readonly requests: readonly SeenRequest[];
  readonly copies: readonly Copy[];
  readonly letters: readonly Letter[];
  readonly told: readonly Told[];
}

/** Histories in the order of partition and offset, and the requests that belong to none. */
export interface Histories {
  readonly all: readonly History[];
  readonly strangers: readonly SeenRequest[];
  /** Payment ids that stand twice in the source topic: nothing can be said of their requests. */
  readonly ambiguous: readonly string[];
  /** Acknowledged payments that were not found in the source topic. */
  readonly unread: readonly string[];
}

/** Puts together what belongs to one record. */
export function histories(evidence: Evidence): Histories {
  const requests = grouped(evidence.requests, ({ paymentId }) => paymentId);
  const copies = grouped(evidence.copies, ({ partition, origin }) => `${partition}:${origin}`);
  const letters = grouped(evidence.letters, ({ partition, origin }) => `${partition}:${origin}`);
  const told = grouped(evidence.told, ({ partition, origin }) => `${partition}:${origin}`);
  const known = grouped(evidence.written, ({ paymentId }) => paymentId);
  known.delete('');
  const inOrder = [...evidence.written].sort((a, b) => a.partition - b.partition || a.offset - b.offset);
  return {
    all: inOrder.map((written) => ({
      written,
      requests: written.paymentId === '' ? [] : (requests.get(written.paymentId) ?? []).sort((a, b) => a.seq - b.seq),
      copies: (copies.get(nameOf(written)) ?? []).sort((a, b) => a.at - b.at || a.hops - b.hops),
      letters: (letters.get(nameOf(written)) ?? []).sort((a, b) => a.at - b.at),
      told: told.get(nameOf(written)) ?? [],
    })),
    strangers: evidence.requests.filter(({ paymentId }) => paymentId !== '' && !known.has(paymentId)),
    ambiguous: [...known].filter(([, twins]) => twins.length > 1).map(([paymentId]) => paymentId),
    unread: evidence.acknowledged.filter((paymentId) => !known.has(paymentId)),
  };
}

/** `partition:offset` in the source topic. */
export function nameOf({ partition, offset }: Pick<Written, 'partition' | 'offset'>): string {
  return `${partition}:${offset}`;
}

/** A signed answer that ends a payment's story and went out whole. */
export function isFinal({ answered, answeredAt }: SeenRequest): boolean {
  return answeredAt !== undefined && FINAL.has(answered);
}

/** A signed success that went out whole. */
export function isDelivery({ answered, answeredAt }: SeenRequest): boolean {
  return answeredAt !== undefined && answered === 'S SUCCESS';
}

/** The newest copy that was parked before this instant. */
export function newestCopy({ copies }: History, before: number): Copy | undefined {
  return copies.filter(({ at }) => at < before).sort((a, b) => b.redriveCount - a.redriveCount || b.hops - a.hops)[0];
}

/** Whether the record waited, parked, before its first request. */
export function wasParkedUnsent({ requests: [first], copies: [copy] }: History): boolean {
  return copy !== undefined && (first === undefined || copy.at < first.at);
}

/** The lane that worked on the record at this instant: that of the copy which was the newest then. */
export function laneOf(history: History, at: number): string {
  return `${newestCopy(history, at)?.tier ?? 'main'}:${history.written.partition}`;
}

/** A record's place and payment. */
export function describe({ written }: History): string {
  return `${nameOf(written)} (${written.paymentId === '' ? 'no event' : written.paymentId})`;
}

/** What is known of a record, in one line. */
export function story({ written, requests, copies, letters }: History): string {
  const since = (at: number): string => `${((at - written.at) / 1_000).toFixed(3)} s`;
  return [
    ...requests.map((one) => ({ at: one.at, text: `request ${one.seq} → ${one.answered}` })),
    ...copies.map((one) => ({
      at: one.at,
      text: `${one.tier}:${one.offset} ${one.reason} until ${since(one.notBefore)}`,
    })),
    ...letters.map((one) => ({ at: one.at, text: `letter ${one.offset} ${one.reason}` })),
  ]
    .sort((a, b) => a.at - b.at)
    .map(({ at, text }) => `${since(at)} ${text}`)
    .join(', ');
}

export function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
