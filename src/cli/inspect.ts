import { Misconfigured } from '../core/misconfigured.ts';
import { closesLetter, provenanceHeaders } from '../core/provenance.ts';
import { recordName } from '../core/record.ts';
import type { RecordId } from '../inspect/history.ts';
import { whereIs } from '../inspect/where-is.ts';
import { createDecoder } from '../kafka/avro/decoder.ts';
import { lookAt, type Seen } from '../operate/inspect/look-at.ts';
import { readableEvent, textOf } from '../operate/inspect/readable.ts';
import { paymentReader, type Payment } from '../operate/payment-of.ts';
import { historyRows } from '../operate/trace/history-rows.ts';
import { inWords } from '../operate/trace/verdict.ts';
import { taskCommand, type Task } from './common/command.ts';
import { historyTable, unreadInWords } from './common/evidence.ts';
import { place } from './common/place.ts';
import { topologyOf, withReading, type EvidenceSection } from './common/reading.ts';
import type { Result } from './common/result.ts';
import type { Terminal } from './common/terminal.ts';

type InspectTask = Task<{ readonly json?: true }, EvidenceSection | 'registry', readonly [RecordId]>;

/** `inspect`: one record. */
export const inspect = taskCommand({
  name: 'inspect',
  summary: 'one record, readable: its event, its provenance, the history of its attempts',
  usage: (command) =>
    command
      .argument('<record>', '<topic>:<partition>:<offset>', place)
      .option('--json', 'print {"record","key","event","provenance","traceId","verdict","history",…} on one line'),
  help: `
Reads the record and whatever else its event has left, in no group, and writes nothing.

Exit codes: 0 everything was read · 1 there is no such record, or brokers cannot be asked · 2 settings or usage are wrong ·
3 not everything could be read: what and why is said

Reads KAFKA_*, SCHEMA_REGISTRY_*, SOURCE_TOPIC, RETRY_DELAYS and OUTCOMES_TOPIC, as run does.

Examples:
  payment-notifier inspect payment-final:3:1207
  payment-notifier inspect payment-final.dead-letter:3:12 --json | jq .event`,
  sections: ['kafka', 'source', 'retry', 'outcomes', 'registry'],

  run: inspectRecord,
});

/** Looks at the record that the task names. @throws Misconfigured where it stands in none of the service's topics */
export async function inspectRecord(task: InspectTask): Promise<Result> {
  const { args, settings, signal, out } = task;
  const [at] = args;
  const role = topologyOf(settings).roleOf(at.topic);
  if (role === 'other') {
    throw new Misconfigured([`${at.topic} is none of the topics of ${settings.source.topic}; set SOURCE_TOPIC`]);
  }
  return withReading(task, 'reading', async (reading) => {
    const seen = await lookAt(at, reading);
    const { record, unread } = seen;
    if (record === undefined && unread.length === 0) throw new Error(`${recordName(at)}: no record stands there`);
    if (record === undefined || role === 'outcomes') return report(at, seen, undefined, out);
    const readPayment = paymentReader(createDecoder(settings.registry), settings.source.topic, signal);
    return report(at, seen, closesLetter(record.headers) ? undefined : await readPayment(record), out);
  });
}

/** @param payment where the record is one that carries an event */
function report(at: RecordId, seen: Seen, payment: Payment | undefined, out: Terminal): Result {
  const name = recordName(at);
  const { record, event: traces, committed } = seen;
  const { event = null, undecodable = null, isDoubtful = false } = payment ?? {};
  const unread = [...seen.unread, ...(isDoubtful ? [{ ...at, why: undecodable ?? '' }] : [])];
  const complete = unread.length === 0;
  const where = whereIs(traces, { committed, complete });
  const [key, traceId] = [textOf(record?.key ?? null), record?.trace?.traceId ?? null];
  const provenance = record === undefined ? {} : provenanceHeaders(record.headers);
  const history = historyRows(traces);
  const readable = event === null ? null : readableEvent(event);
  const headers = Object.entries(provenance);
  return {
    exit: complete ? 'done' : 'found',
    text: [
      `${out.paint('bold', name)}, key ${key ?? '(none)'}${traceId === null ? '' : `, trace ${traceId}`}`,
      ...(readable === null ? [] : [JSON.stringify(readable, null, 2)]),
      ...(undecodable === null ? [] : [`no event can be read: ${undecodable}`]),
      ...(headers.length === 0 ? [] : ['', { head: ['header', 'value'], rows: headers }]),
      ...['', inWords(where)],
      ...(history.length === 0 ? [] : ['', historyTable(history)]),
      ...unreadInWords(unread),
    ],
    json: {
      record: name,
      key,
      event: readable,
      undecodable,
      provenance,
      traceId,
      verdict: where.kind,
      history,
      complete,
      unread,
    },
  };
}
