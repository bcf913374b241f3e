import { randomUUID } from 'node:crypto';
import { InvalidArgumentError } from 'commander';
import { createDecoder } from '../../kafka/avro/decoder.ts';
import { closeLetters, type Done } from '../../operate/dead-letters/close-letters.ts';
import { readLetters, type Letters } from '../../operate/dead-letters/letters.ts';
import { closingRecord, redrivenCopy, runRecord } from '../../operate/dead-letters/outgoing.ts';
import { placeOf } from '../../operate/dead-letters/place-of.ts';
import { planRedrive, TOLD } from '../../operate/dead-letters/plan.ts';
import { readPlan, writePlan, type Plan } from '../../operate/dead-letters/plan-file.ts';
import { askService } from '../../operate/service-status.ts';
import { overtaken, toldByOutcomes } from '../../operate/dead-letters/told.ts';
import { held, watch } from '../../operate/dead-letters/watch.ts';
import type { Reading } from '../../operate/evidence.ts';
import { paymentReader } from '../../operate/payment-of.ts';
import { taskCommand, type Task } from '../common/command.ts';
import { consent } from '../common/consent.ts';
import { estimated } from '../common/estimate.ts';
import { unreadInWords } from '../common/evidence.ts';
import { wholeNumber } from '../common/numbers.ts';
import { topologyOf, withReading, type EvidenceSection } from '../common/reading.ts';
import type { Result } from '../common/result.ts';
import { whoIsThis, withClosingSession, type ClosingSession } from './closing-session.ts';
import { filterOf, filters, type FilterOptions } from './filter-options.ts';
import { planInWords, resultOf } from './redrive-result.ts';
import { showStatus } from './redrive-status.ts';

interface RedriveOptions extends FilterOptions {
  readonly except?: readonly string[];
  readonly max?: number;
  readonly plan?: string;
  readonly dryRun?: true;
  readonly rate: number;
  readonly maxRedrives: number;
  readonly rebuildBody?: true;
  readonly status?: string | true;
  readonly yes?: true;
  readonly json?: true;
}

type RedriveTask = Task<RedriveOptions, EvidenceSection | 'registry' | 'http'>;

/** `dead-letters redrive`. */
export const redrive = taskCommand({
  name: 'dead-letters redrive',
  summary: 'send letters on their way again, each once, and say what became of them',
  usage: (command) =>
    filters(command)
      .option('--except <payment-ids>', 'not of these payments, separated by commas', payments)
      .option('--max <n>', 'so many letters at most, the oldest events first', wholeNumber)
      .option('--plan <file>', 'write the plan there first; where it stands already, run what stands in it')
      .option('--dry-run', 'only show the plan, and write it where --plan says')
      .option('--rate <n>', 'letters a second', wholeNumber, 100)
      .option('--max-redrives <n>', 'leave letters that were redriven so often already', wholeNumber, 2)
      .option('--rebuild-body', 'make the request anew from the event, instead of sending the same bytes again')
      .option('--status [id]', 'say what became of what a redrive sent, the last one where no id is given')
      .option('--yes', 'do it without asking')
      .option('--json', 'print {"planned","sent","skipped"}, or {"id","sent","delivered","waiting","deadAgain"}'),
  help: `
Filters are resolved to letters once; what runs is that plan. Each letter goes to the first retry tier with its event's key,
value, headers and body, attempts begun anew; what closes it is written in the same transaction, so that a run that was
killed can be run again, with the same --plan or without one, and sends no letter twice. Letters of one key keep their order.

Left where they are: letters without a value, letters redriven --max-redrives times, and payments of which an outcome says
that they were delivered, by whatever event. A run is refused while another one is under way for the same group, and while
the service holds sending (asked at STATUS_URL); it ends by itself where more than 5 % of what it sent comes back.

Exit codes: 0 done · 1 refused, stopped or failed · 2 settings or usage are wrong · 3 with --status: not everything could
be read · 130/143 ended by a signal, between two transactions

Examples:
  payment-notifier dead-letters redrive --reason rejected --code PROCESS_FAIL --dry-run
  payment-notifier dead-letters redrive --from 2026-11-22T10:00:00Z --plan friday.json --dry-run
  payment-notifier dead-letters redrive --plan friday.json --rate 50 --yes
  payment-notifier dead-letters redrive --status`,
  sections: ['kafka', 'source', 'retry', 'outcomes', 'registry', 'http'],

  run: async (task: RedriveTask): Promise<Result> => {
    const { options, settings } = task;
    if (options.status !== undefined) return showStatus(task, options.status === true ? undefined : options.status);
    const { deadLetters: topic, retryTopics } = topologyOf(settings);
    const { groupId: group } = settings.kafka.group;
    const frozen = options.plan === undefined ? undefined : readPlan(options.plan, { group, topic });
    if (options.dryRun) {
      return withReading(task, 'reading dead letters', async (reading) => {
        const { plan, warnings } = await planFor(task, reading, await lettersFor(task, reading), frozen);
        return resultOf(plan, { sent: 0, skipped: [] }, [...planInWords(plan), ...warnings, 'nothing was sent']);
      });
    }
    const id = frozen?.id ?? randomUUID();
    return withClosingSession(task, `redrive ${id}`, [topic, retryTopics[0] ?? ''], (session) =>
      run(task, session, frozen, id),
    );
  },
});

async function run(task: RedriveTask, session: ClosingSession, frozen: Plan | undefined, id: string): Promise<Result> {
  const { options, settings, signal, err } = task;
  const { reading, transactions, lost } = session;
  const { statusUrl } = settings.http;
  const { answered, hold } = await askService(statusUrl, signal);
  if (hold !== undefined) throw new Error(held(hold));
  if (answered === 0) err.line(`nobody answers at ${statusUrl} (STATUS_URL): whether the service holds is not known`);

  const letters = await lettersFor(task, reading);
  const { plan, warnings, told } = await planFor(task, reading, letters, frozen, id);
  const isAgreed = await consent([...planInWords(plan), ...warnings], { ...task, yes: options.yes ?? false });
  if (!isAgreed) return { exit: 'failed', text: ['nothing was sent'] };

  const [by, { topology }] = [whoIsThis(), reading];
  const skipped = plan.records.filter(({ record }) => told.has(record)).map((letter) => ({ ...letter, why: TOLD }));
  const account = {
    ...{ id: plan.id, kind: 'redrive' as const, by, at: new Date().toISOString(), filter: plan.filter },
    ...{ planned: plan.records.length, skipped: plan.skipped.length + skipped.length },
  };
  const sentBefore = letters.closings.filter(({ redriveId }) => redriveId === plan.id).length;
  const done = await closeLetters(
    {
      ...{ reading, transactions, rate: options.rate, account: runRecord(account, topology.deadLetters) },
      outgoing: (letter, { alsoCloses }) => {
        const at = Date.now();
        const topic = topology.retryTopics[0] ?? '';
        const copy = redrivenCopy(
          letter,
          { id: plan.id, topic, by, at, rebuildBody: options.rebuildBody ?? false },
          topology,
        );
        const closed = [letter, ...alsoCloses.map((record) => ({ ...letter, ...placeOf(record) }))];
        return [copy, ...closed.map((each) => closingRecord(each, 'redriven', { by, at }, topology.source, plan.id))];
      },
      isOurs: ({ redriveId }) => redriveId === plan.id,
      mayGoOn: watch({ id: plan.id, sentBefore, statusUrl, reading, lost }),
      progress: estimated(err, 'sending'),
    },
    plan.records.filter(({ record }) => !told.has(record)),
  );
  return ended(plan, { ...done, skipped: [...skipped, ...done.skipped] }, task);
}

function ended(plan: Plan, done: Done, { err, signal }: RedriveTask): Result {
  if (done.stopped !== undefined) err.line(`stopped: ${done.stopped}`);
  const rest = plan.records.length - done.sent - done.skipped.length;
  const how = signal.aborted ? '; interrupted' : done.stopped === undefined ? '' : '; stopped';
  const words = `redrive ${plan.id}: ${done.sent} letters sent again${rest === 0 ? '' : `, ${rest} not yet`}${how}`;
  const result = resultOf(plan, done, [words]);
  return { ...result, exit: done.stopped === undefined ? 'done' : 'failed' };
}

async function lettersFor({ settings, signal, err }: RedriveTask, reading: Reading): Promise<Letters> {
  const readPayment = paymentReader(createDecoder(settings.registry), settings.source.topic, signal);
  const letters = await readLetters(reading, readPayment);
  if (letters.unread.length > 0) {
    for (const line of unreadInWords(letters.unread)) err.line(line);
    throw new Error('the dead letters cannot all be read, so what must not be sent again is not known');
  }
  return letters;
}

interface Planned {
  readonly plan: Plan;
  readonly warnings: readonly string[];
  /** Letters of the plan whose payments were delivered since it was made. */
  readonly told: ReadonlySet<string>;
}

/** The plan to run: the one that is frozen already, or one made and frozen now. */
async function planFor(
  { options, settings }: RedriveTask,
  reading: Reading,
  { letters }: Letters,
  frozen: Plan | undefined,
  id: string = randomUUID(),
): Promise<Planned> {
  const isTold = await toldByOutcomes(letters, reading);
  const { max = Number.POSITIVE_INFINITY, maxRedrives, except } = options;
  const filter = { ...filterOf(options), ...(except !== undefined && { except }) };
  const plan: Plan = frozen ?? {
    ...{ id, group: settings.kafka.group.groupId, topic: reading.topology.deadLetters },
    ...{ madeBy: whoIsThis(), madeAt: new Date().toISOString(), filter },
    ...planRedrive(letters, { filter, max, maxRedrives, isTold }),
  };
  if (frozen === undefined && options.plan !== undefined) writePlan(options.plan, plan);
  const meant = new Set(plan.records.map(({ record }) => record));
  const open = letters.filter(({ record, closed }) => closed === null && meant.has(record));
  const late = await overtaken(open, reading);
  const some = late.slice(0, 5).map(({ paymentId, record }) => paymentId ?? record);
  const warnings =
    late.length === 0
      ? []
      : [
          `of ${late.length} letters a later event of the same key was told already, and will be followed by the older one: ${some.join(', ')}${late.length > some.length ? ', …' : ''}`,
        ];
  return { plan, warnings, told: new Set(open.filter(isTold).map(({ record }) => record)) };
}

function payments(text: string): string[] {
  const ids = text.split(',').map((id) => id.trim());
  if (ids.some((id) => id === '')) throw new InvalidArgumentError('write payment ids, separated by commas');
  return ids;
}
