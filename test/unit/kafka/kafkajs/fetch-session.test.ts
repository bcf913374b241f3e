import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FetchSession, type SessionAnswer, type SessionQuery } from '../../../../src/kafka/kafkajs/fetch-session.ts';

const MAX_BYTES = 1_000;

/** What a broker keeps of its sessions, by the rules of KIP-227. */
class Sessions {
  readonly kept = new Map<number, { epoch: number; places: Map<string, string> }>();
  isFull = false;
  #next = 100;

  answer({ sessionId, sessionEpoch, topics, forgottenTopics }: SessionQuery): SessionAnswer {
    const asked = topics.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, fetchOffset }) => [`${topic}:${partition}`, fetchOffset] as const),
    );
    if (sessionEpoch === 0) {
      this.kept.delete(sessionId);
      if (this.isFull) return { errorCode: 0, sessionId: 0 };
      this.kept.set((this.#next += 1), { epoch: 1, places: new Map(asked) });
      return { errorCode: 0, sessionId: this.#next };
    }
    const session = this.kept.get(sessionId);
    if (session === undefined) return { errorCode: 70, sessionId: 0 };
    if (session.epoch !== sessionEpoch) return { errorCode: 71, sessionId: 0 };
    session.epoch = session.epoch === 2 ** 31 - 1 ? 1 : session.epoch + 1;
    for (const { topic, partitions } of forgottenTopics) {
      for (const partition of partitions) session.places.delete(`${topic}:${partition}`);
    }
    for (const [place, offset] of asked) session.places.set(place, offset);
    return { errorCode: 0, sessionId };
  }
}

function wanting(session: FetchSession, wanted: Readonly<Record<string, string>>): SessionQuery {
  for (const [place, offset] of Object.entries(wanted)) {
    const [topic = '', partition = ''] = place.split(':');
    session.want(topic, Number(partition), offset);
  }
  return session.query();
}

function placesIn({ topics }: SessionQuery): string[] {
  return topics.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, fetchOffset }) => `${topic}:${partition}@${fetchOffset}`),
  );
}

describe('a fetch session', () => {
  test('begins with everything, and goes on with what has changed', () => {
    const session = new FetchSession(MAX_BYTES);
    const first = wanting(session, { 'a:0': '5', 'a:1': '7', 'b:0': '0' });
    expect(first).toMatchObject({ sessionId: 0, sessionEpoch: 0, forgottenTopics: [] });
    expect(first.topics[0]?.partitions[0]).toEqual({ partition: 0, fetchOffset: '5', maxBytes: MAX_BYTES });
    expect(placesIn(first)).toEqual(['a:0@5', 'a:1@7', 'b:0@0']);
    expect(session.answered({ errorCode: 0, sessionId: 9 })).toBe(true);

    const second = wanting(session, { 'a:0': '5', 'a:1': '8', 'b:0': '0' });
    expect([second.sessionId, second.sessionEpoch, placesIn(second)]).toEqual([9, 1, ['a:1@8']]);
    session.answered({ errorCode: 0, sessionId: 9 });
    const third = wanting(session, { 'a:0': '5', 'a:1': '8', 'b:0': '0' });
    expect([third.sessionEpoch, placesIn(third), third.forgottenTopics]).toEqual([2, [], []]);
    expect([session.askedFrom('a', 1), session.askedFrom('c', 0)]).toEqual(['8', undefined]);
  });

  test('forgets what is not wanted any more, and asks for it again when it is', () => {
    const session = new FetchSession(MAX_BYTES);
    wanting(session, { 'a:0': '5', 'a:1': '7', 'b:0': '0' });
    session.answered({ sessionId: 9 });
    const less = wanting(session, { 'a:1': '7' });
    expect([placesIn(less), less.forgottenTopics]).toEqual([
      [],
      [
        { topic: 'a', partitions: [0] },
        { topic: 'b', partitions: [0] },
      ],
    ]);
    session.answered({ sessionId: 9 });
    const more = wanting(session, { 'a:1': '7', 'b:0': '0' });
    expect([placesIn(more), more.forgottenTopics]).toEqual([['b:0@0'], []]);
  });

  test.each([70, 71])('that the broker refuses with %i begins anew, and closes the one before', (errorCode) => {
    const session = new FetchSession(MAX_BYTES);
    wanting(session, { 'a:0': '5', 'a:1': '5' });
    session.answered({ sessionId: 9 });
    wanting(session, { 'a:0': '6', 'a:1': '5' });
    expect(session.answered({ errorCode })).toBe(false);
    const anew = wanting(session, { 'a:0': '6' });
    expect([anew.sessionId, anew.sessionEpoch, placesIn(anew), anew.forgottenTopics]).toEqual([9, 0, ['a:0@6'], []]);
  });

  test('of which an answer never came begins anew: nobody knows what the broker has heard', () => {
    const session = new FetchSession(MAX_BYTES);
    wanting(session, { 'a:0': '5' });
    session.answered({ sessionId: 9 });
    wanting(session, { 'a:0': '6' });
    session.lost();
    expect(placesIn(wanting(session, { 'a:0': '6' }))).toEqual(['a:0@6']);
  });

  test.each([{ errorCode: 0, sessionId: 0 }, {}])(
    'that the broker does not keep (%j) asks for everything each time',
    (answer) => {
      const session = new FetchSession(MAX_BYTES);
      for (let time = 1; time <= 2; time += 1) {
        const query = wanting(session, { 'a:0': '5', 'a:1': '7' });
        expect([query.sessionId, query.sessionEpoch, placesIn(query)]).toEqual([0, 0, ['a:0@5', 'a:1@7']]);
        expect(session.answered(answer)).toBe(true);
      }
    },
  );

  test('has nothing to ask for where nothing is wanted', () => {
    const session = new FetchSession(MAX_BYTES);
    expect(session.isWanted).toBe(false);
    session.want('a', 0, '5');
    expect(session.isWanted).toBe(true);
    session.query();
    expect(session.isWanted).toBe(false);
  });
});

test('whatever is wanted, and whatever becomes of requests and sessions, a broker that has answered knows just that', () => {
  const wanted = fc.dictionary(fc.constantFrom('a:0', 'a:1', 'a:2', 'b:0', 'b:1'), fc.constantFrom('1', '2', '3'));
  const fate = fc.constantFrom(
    'answered',
    'answered',
    'answered',
    'request lost',
    'answer lost',
    'evicted',
    'full',
    'room',
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(wanted, fate), { maxLength: 30 }), (rounds) => {
      const session = new FetchSession(MAX_BYTES);
      const broker = new Sessions();
      // Nobody can close a session of which the id was never heard.
      let orphans = 0;
      for (const [wants, fate] of rounds) {
        if (fate === 'full' || fate === 'room') broker.isFull = fate === 'full';
        if (fate === 'evicted') broker.kept.clear();
        const query = wanting(session, wants);
        if (fate === 'request lost') session.lost();
        else {
          const answer = broker.answer(query);
          if (fate === 'answer lost') {
            session.lost();
            orphans += 1;
          } else if (session.answered(answer)) {
            const known =
              answer.sessionId === 0
                ? Object.fromEntries(placesIn(query).map((place) => place.split('@') as [string, string]))
                : Object.fromEntries(broker.kept.get(answer.sessionId ?? 0)?.places ?? []);
            expect(known).toEqual({ ...wants });
            expect(broker.kept.size).toBeLessThanOrEqual(1 + orphans);
          }
        }
      }
    }),
    { numRuns: 2_000 },
  );
});
