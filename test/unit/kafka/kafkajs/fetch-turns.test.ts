import { describe, expect, test } from 'vitest';
import { FetchTurns } from '../../../../src/kafka/kafkajs/fetch-turns.ts';

const LONGEST_MS = 250;
const BOTH = { urgent: true, patient: true };

/** Fetches by turns: a fetch that waits for news takes as long as it may, any other no time. */
function played(withNews: { readonly urgent: boolean; readonly patient: boolean }, untilMs: number): string[] {
  const turns = new FetchTurns();
  const asked = [];
  for (let now = 0; now < untilMs;) {
    const turn = turns.next(BOTH, now, LONGEST_MS);
    if (turn === undefined) throw new Error('nobody has a turn');
    asked.push(`${turn.share} at ${String(now)}`);
    if (!withNews[turn.share]) now += turn.waitMs;
    turns.answered(turn.share, withNews[turn.share], now);
    if (withNews.urgent) now += 100;
  }
  return asked;
}

describe('whose turn it is at a broker', () => {
  test('what would wait anyway is asked for twice a second, and holds nobody up', () => {
    expect(played({ urgent: false, patient: false }, 1_100)).toEqual([
      ...['patient at 0', 'urgent at 0', 'urgent at 250'],
      ...['patient at 500', 'urgent at 500', 'urgent at 750'],
      ...['patient at 1000', 'urgent at 1000'],
    ]);
  });

  test('beside records that come all the time as well', () => {
    const asked = played({ urgent: true, patient: false }, 1_500);
    expect(asked.filter((turn) => turn.startsWith('patient'))).toEqual([
      'patient at 0',
      'patient at 500',
      'patient at 1000',
    ]);
  });

  test('where it has news they take turns, and neither waits', () => {
    const turns = new FetchTurns();
    const asked = Array.from({ length: 4 }, () => {
      const turn = turns.next(BOTH, 7, LONGEST_MS);
      turns.answered(turn?.share ?? 'urgent', true, 7);
      return turn;
    });
    expect(asked).toEqual([
      { share: 'patient', waitMs: 0 },
      { share: 'urgent', waitMs: 0 },
      { share: 'patient', waitMs: 0 },
      { share: 'urgent', waitMs: 0 },
    ]);
  });

  test('alone, either waits for news as long as a fetch may', () => {
    const turns = new FetchTurns();
    const next = (wanted: { urgent: boolean; patient: boolean }) => turns.next(wanted, 0, LONGEST_MS);
    expect(next({ urgent: true, patient: false })).toEqual({ share: 'urgent', waitMs: LONGEST_MS });
    expect(next({ urgent: false, patient: true })).toEqual({ share: 'patient', waitMs: LONGEST_MS });
    turns.answered('patient', false, 0);
    expect(next({ urgent: false, patient: true })).toEqual({ share: 'patient', waitMs: LONGEST_MS });
    expect(next({ urgent: false, patient: false })).toBeUndefined();
  });
});
