import { randomUUID } from 'node:crypto';
import { closeLetters, Stopped } from '../../operate/dead-letters/close-letters.ts';
import { readLetters } from '../../operate/dead-letters/letters.ts';
import { closingRecord, runRecord } from '../../operate/dead-letters/outgoing.ts';
import { placeOf } from '../../operate/dead-letters/place-of.ts';
import { planDiscard } from '../../operate/dead-letters/plan.ts';
import { createDecoder } from '../../kafka/avro/decoder.ts';
import { countLetters } from '../../operate/dead-letters/filter.ts';
import { paymentReader } from '../../operate/payment-of.ts';
import { taskCommand, type Task } from '../common/command.ts';
import { consent } from '../common/consent.ts';
import { estimated } from '../common/estimate.ts';
import { topologyOf, type EvidenceSection } from '../common/reading.ts';
import type { Result } from '../common/result.ts';
import { whoIsThis, withClosingSession, type ClosingSession } from './closing-session.ts';
import { filterOf, filters, type FilterOptions } from './filter-options.ts';

interface DiscardOptions extends FilterOptions {
  readonly why: string;
  readonly yes?: true;
  readonly json?: true;
}

type DiscardTask = Task<DiscardOptions, EvidenceSection | 'registry'>;

/** Nothing is sent, so nothing has to be slow. */
const RATE = 1_000;

/** `dead-letters discard`. */
export const discard = taskCommand({
  name: 'dead-letters discard',
  summary: 'close letters for good: they are not listed or redriven any more',
  usage: (command) =>
    filters(command)
      .requiredOption('--why <text>', 'the reason, for whoever asks later')
      .option('--yes', 'do it without asking')
      .option('--json', 'print {"id","planned","discarded"}'),
  help: `
A letter is closed by a record beside it that says who discarded it, when and why; the letter itself stays until it expires.

Exit codes: 0 done · 1 refused or failed · 2 settings or usage are wrong · 130/143 ended by a signal

Example:
  payment-notifier dead-letters discard --reason invalid_event --to 2026-11-01 --why 'test data of the sandbox' --yes`,
  sections: ['kafka', 'source', 'retry', 'outcomes', 'registry'],

  run: async (task: DiscardTask): Promise<Result> => {
    const id = randomUUID();
    const { deadLetters } = topologyOf(task.settings);
    return withClosingSession(task, `discard ${id}`, [deadLetters], (session) => run(task, session, id));
  },
});

async function run(task: DiscardTask, { reading, transactions, lost }: ClosingSession, id: string): Promise<Result> {
  const { options, settings, signal, err } = task;
  const { topology } = reading;
  const readPayment = paymentReader(createDecoder(settings.registry), topology.source, signal);
  const { letters, unread } = await readLetters(reading, readPayment);
  if (unread[0] !== undefined) throw new Error(`the dead letters cannot all be read: ${unread[0].why}`);
  const filter = filterOf(options);
  const { records } = planDiscard(letters, filter);
  const meant = new Set(records.map(({ record }) => record));
  const counts = countLetters(letters.filter(({ record }) => meant.has(record)));
  const shown = [
    `discard ${id}: ${records.length} events are to be closed for good, because: ${options.why}`,
    ...counts.map(({ reason, code, count }) => `  ${count}  ${reason}  ${code ?? ''}`),
  ];
  if (!(await consent(shown, { ...task, yes: options.yes ?? false })))
    return { exit: 'failed', text: ['nothing was discarded'] };

  const [by, why] = [whoIsThis(), options.why];
  const at = new Date().toISOString();
  const account = { id, kind: 'discard' as const, by, at, filter, planned: records.length, skipped: 0, why };
  const { sent, stopped } = await closeLetters(
    {
      ...{ reading, transactions, rate: RATE, account: runRecord(account, topology.deadLetters) },
      outgoing: (letter, { alsoCloses }) =>
        [letter, ...alsoCloses.map((record) => ({ ...letter, ...placeOf(record) }))].map((each) =>
          closingRecord(each, 'discarded', { by, why, at: Date.now() }, topology.source, id),
        ),
      isOurs: ({ redriveId }) => redriveId === id,
      mayGoOn: () => {
        if (lost.aborted) return Promise.reject(new Stopped((lost.reason as Error).message));
        return Promise.resolve();
      },
      progress: estimated(err, 'closing'),
    },
    records,
  );
  if (stopped !== undefined) err.line(`stopped: ${stopped}`);
  return {
    exit: stopped === undefined ? 'done' : 'failed',
    text: [`discard ${id}: ${sent} events closed for good${signal.aborted ? '; interrupted' : ''}`],
    json: { id, planned: records.length, discarded: sent },
  };
}
