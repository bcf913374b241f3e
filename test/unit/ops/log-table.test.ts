import { expect, expectTypeOf, test } from 'vitest';
import { kafkaLogCreator } from '../../../src/ops/kafka-log.ts';
import type { LogFields } from '../../../src/ops/log.ts';
import { LOG_EVENTS, type FieldsOf, type LevelOf, type LogEvent, type Tell } from '../../../src/ops/log-table.ts';
import type { Fact } from '../../../src/pipeline/facts.ts';
import { ATTEMPT, captureLog, OUTCOME, PROVENANCE, RECORD, settled, T0, TRACE } from '../../support/captured-log.ts';

const PLACE = { topic: 'pay', partition: 1, offset: 5 };
const ERROR = new Error('down');

/** Facts that between them make the log say all that it can say. */
const FACTS: readonly Fact[] = [
  ATTEMPT,
  {
    ...ATTEMPT,
    outcome: { kind: 'no_result', reason: 'timeout' },
    exchange: { kind: 'no_response', phase: 'connect', code: 'ETIMEDOUT' },
  },
  settled({ verdict: 'dead_lettered', reason: 'rejected', detail: 'PARAM_ILLEGAL' }, 'p-1'),
  settled({ verdict: 'parked', tier: '30s', notBefore: T0, reason: 'behind_parked_key' }, 'p-1'),
  { kind: 'superseded', record: RECORD, provenance: PROVENANCE },
  { kind: 'outcome_unwritten', record: RECORD, outcome: OUTCOME },
  { kind: 'fence_read', records: 2, tookMs: 1 },
  { kind: 'undecodable', record: RECORD, error: 'magic', detail: 'x' },
  { kind: 'unlisted_payment_code', record: RECORD, paymentId: 'p-1', code: 'X' },
  { kind: 'waiting', for: 'registry', record: RECORD, error: ERROR },
  { kind: 'redrive_left_open', result: 'forbidden', record: PLACE, transactionalId: 'g.redrive', error: ERROR },
  { kind: 'hold_began', reason: 'outage', paymentId: 'p-1', trace: TRACE },
  { kind: 'hold_ended', reason: 'outage', heldMs: 1 },
  { kind: 'pace', limited: true, perSecond: 10 },
  { kind: 'pace', limited: false, perSecond: 0 },
  { kind: 'joined', generation: 1, partitions: { pay: [0] } },
  { kind: 'left', clean: true, drainedMs: 1 },
  { kind: 'left', clean: false, drainedMs: 1 },
  { kind: 'unserved', partitions: [4] },
  { kind: 'unserved', partitions: [] },
  { kind: 'topics_missing', topics: [{ topic: 'pay', role: 'source' }] },
  { kind: 'topics_missing', topics: [] },
  { kind: 'parked_lost', topic: 'pay.retry.5s', origins: [PLACE] },
  { kind: 'expired', topic: 'pay', partition: 1, committed: 5, earliest: 9 },
  { kind: 'corrupt', ...PLACE, detail: 'its checksum is wrong' },
  { kind: 'commit_failed', error: ERROR },
  { kind: 'join_failed', error: ERROR },
  { kind: 'join_refused', group: 'g', reason: 'taken', error: ERROR },
  { kind: 'not_left', error: ERROR },
  { kind: 'key_reloaded', result: 'ok', detail: '4' },
  { kind: 'key_reloaded', result: 'fallback', detail: '3' },
  { kind: 'key_reloaded', result: 'rejected', detail: '4.pem' },
  { kind: 'instrumented', patched: ['kafkajs', 'http'] },
];

/** Levels and fields of the lines that were written, by event. */
function written(): Map<string, { levels: Set<unknown>; fields: Set<string> }> {
  const { log, lines } = captureLog('debug');
  const client = kafkaLogCreator(log, () => T0)();
  client({ namespace: 'Connection', level: 1, log: { message: 'refused' } });
  client({ namespace: 'Consumer', level: 1, log: { message: 'crashed' } });
  const found = new Map<string, { levels: Set<unknown>; fields: Set<string> }>();
  for (const { event, level, time, service, msg, ...fields } of lines(...FACTS)) {
    const name = String(event);
    const known = found.get(name) ?? { levels: new Set(), fields: new Set() };
    known.levels.add(level);
    for (const field of Object.keys(fields)) known.fields.add(field);
    found.set(name, known);
  }
  return found;
}

test('the log writes every event of the table, and no other', () => {
  expect([...written().keys()].sort()).toEqual(Object.keys(LOG_EVENTS).sort());
});

test.each(Object.entries(LOG_EVENTS))('%s is written with the levels and the fields of its row', (event, row) => {
  const line = written().get(event);
  expect([...(line?.levels ?? [])].sort()).toEqual([...row.levels].sort());
  expect([...(line?.fields ?? [])].sort()).toEqual([...row.fields].sort());
});

test('a remedy in a line is the one of the table', () => {
  const { lines } = captureLog('debug');
  for (const { event, remedy } of lines(...FACTS).filter(({ remedy }) => remedy !== undefined)) {
    const known = LOG_EVENTS[event as LogEvent].remedy;
    expect(typeof known === 'string' ? [known] : Object.values(known)).toContain(remedy);
  }
});

test('a line outside the table does not compile', () => {
  expectTypeOf<Parameters<Tell>[0]>().toEqualTypeOf<keyof typeof LOG_EVENTS>();
  expectTypeOf<LevelOf<'corrupt'>>().toEqualTypeOf<'error'>();
  expectTypeOf<keyof FieldsOf<'not_left'>>().toEqualTypeOf<'error'>();
  expectTypeOf<{ event: string }>().not.toExtend<LogFields>();
});
