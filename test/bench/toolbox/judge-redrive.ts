/** What was seen of a redrive from outside: records of the topics, requests at the gateway. */
export interface RedriveSeen {
  /** Every event that had become a dead letter, in the order of its partition. */
  readonly events: readonly { readonly key: string | null; readonly paymentId: string; readonly origin: string }[];
  /** Payments of the requests that were answered with success, in the order in which they came. */
  readonly delivered: readonly string[];
  /** The origin of each copy that a redrive has written. */
  readonly copies: readonly string[];
  /** The letter that each closing record closes. */
  readonly closes: readonly string[];
}

/** Events that were not sent exactly once, and keys that were not sent in order. */
export interface RedriveJudged {
  readonly never: readonly string[];
  readonly repeated: readonly string[];
  readonly keys: number;
  readonly disordered: readonly string[];
}

/** Each event is to have one copy, one delivery, and its letter one closing record; those of a key come in their order. */
export function judgeRedrive({ events, delivered, copies, closes }: RedriveSeen): RedriveJudged {
  const [deliveries, copied, closed] = [delivered, copies, closes].map(times);
  const never: string[] = [];
  const repeated: string[] = [];
  for (const { paymentId, origin } of events) {
    const counts = [deliveries?.get(paymentId) ?? 0, copied?.get(origin) ?? 0];
    if (counts.some((count) => count === 0)) never.push(paymentId);
    if (counts.some((count) => count > 1)) repeated.push(paymentId);
  }
  for (const [letter, count] of closed ?? []) if (count > 1) repeated.push(`letter ${letter}`);
  const unclosed = events.length - (closed?.size ?? 0);
  if (unclosed > 0) never.push(`${unclosed} letters that are not closed`);
  const keys = byKey(events);
  const place = new Map(delivered.map((paymentId, at) => [paymentId, at]));
  const disordered = [...keys].flatMap(([key, own]) => {
    const places = own.map((paymentId) => place.get(paymentId) ?? -1);
    return places.every((at, index) => index === 0 || at > (places[index - 1] ?? -1)) ? [] : [key];
  });
  return { never, repeated, keys: keys.size, disordered };
}

function byKey(events: RedriveSeen['events']): Map<string, string[]> {
  const keys = new Map<string, string[]>();
  for (const { key, paymentId } of events) {
    const name = key ?? paymentId;
    const own = keys.get(name);
    if (own === undefined) keys.set(name, [paymentId]);
    else own.push(paymentId);
  }
  return keys;
}

function times(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
