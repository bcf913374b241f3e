import { isPaymentId } from '../core/event.ts';
import { Misconfigured } from '../core/misconfigured.ts';
import { recordName } from '../core/record.ts';
import { whereIs } from '../inspect/where-is.ts';
import { createDecoder } from '../kafka/avro/decoder.ts';
import { paymentReader } from '../operate/payment-of.ts';
import { findPayment } from '../operate/trace/find-payment.ts';
import { historyRows, originAmong } from '../operate/trace/history-rows.ts';
import { inWords, verdictOver } from '../operate/trace/verdict.ts';
import { taskCommand, type Task } from './common/command.ts';
import { historyTable, unreadInWords } from './common/evidence.ts';
import { withReading, type EvidenceSection } from './common/reading.ts';
import type { Result } from './common/result.ts';

type TraceTask = Task<{ readonly json?: true }, EvidenceSection | 'registry'>;

/** `trace`: everything known of one payment. */
export const trace = taskCommand({
  name: 'trace',
  summary: 'everything known of one payment, over source, retry, dead-letter and outcome topics',
  usage: (command) =>
    command
      .argument('<paymentId>')
      .option('--json', 'print {"paymentId","verdict","complete","unread","history"} on one line'),
  help: `
Reads every topic to its end, in no group, and writes nothing. A payment of which there are several events is as far as the
hindmost of them: not_settled, waiting, dead_lettered, unknown, delivered, in this order.

Exit codes: 0 everything was read · 1 brokers or group cannot be asked · 2 settings are wrong · 3 not everything could be
read: "unread" says what and why, and what it holds is not in the history

Reads KAFKA_*, SCHEMA_REGISTRY_*, SOURCE_TOPIC, RETRY_DELAYS and OUTCOMES_TOPIC, as run does.

Examples:
  payment-notifier trace 2026112200000001
  payment-notifier trace 2026112200000001 --json | jq -r .verdict`,
  sections: ['kafka', 'source', 'retry', 'outcomes', 'registry'],

  run: async (task: TraceTask): Promise<Result> => {
    const { args, settings, signal, out } = task;
    const [paymentId = ''] = args;
    if (!isPaymentId(paymentId))
      throw new Misconfigured(['<paymentId>: write the id of a payment, 1 to 64 characters']);
    return withReading(task, 'reading', async (reading) => {
      const readPayment = paymentReader(createDecoder(settings.registry), settings.source.topic, signal);
      const { events, committed, unread } = await findPayment(paymentId, reading, readPayment);
      const known = { committed, complete: unread.length === 0 };
      const verdict = verdictOver(events, known);
      const history = historyRows(events.flat());
      const places = events.map((event) => {
        const origin = originAmong(event);
        const [traceId] = event.flatMap((trace) => trace.traceId ?? []);
        const inTrace = traceId === undefined ? '' : `, trace ${traceId}`;
        return `${origin === undefined ? 'an event' : recordName(origin)}: ${inWords(whereIs(event, known))}${inTrace}`;
      });
      return {
        exit: known.complete ? 'done' : 'found',
        text: [
          `payment ${paymentId}: ${out.paint('bold', verdict)}`,
          ...(places.length > 0 ? places : ['nothing was found of it']),
          ...(history.length > 0 ? ['', historyTable(history)] : []),
          ...unreadInWords(unread),
        ],
        json: { paymentId, verdict, complete: known.complete, unread, history },
      };
    });
  },
});
