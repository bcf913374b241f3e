import Table from 'cli-table3';
import type { Judgement, Row, Totals } from './ledger.ts';
import { answerInWords } from '../../src/simulator/words.ts';
import { WHY_DEAD } from './narrator.ts';
import type { Stage, Tone } from './stage.ts';

/** What the load, where there was one, took. */
export interface LoadFigures {
  readonly events: number;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  /** Processor time of the service; null where this machine does not tell. */
  readonly cpuMsPerEvent: number | null;
}

const PLACES: Readonly<Record<Row['place'], string>> = {
  delivered: 'delivered',
  dead_lettered: 'dead letter',
  waiting: 'STILL WAITING',
  uncommitted: 'NOT SETTLED',
  lost: 'LOST',
  not_written: 'NOT WRITTEN',
};

const TONES: Partial<Record<Row['place'], Tone>> = { delivered: 'good', dead_lettered: 'waiting' };

const BORDERLESS = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
};

/** The table of these events, one line each. */
export function eventTable(rows: readonly Row[], stage: Stage): string {
  const table = new Table({
    head: ['payment', 'record', 'got', 'requests', 'after', 'what the gateway answered'].map((name) =>
      stage.styled('strong', name),
    ),
    chars: BORDERLESS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1 },
    colAligns: ['left', 'right', 'left', 'right', 'right', 'left'],
  });
  for (const row of rows) {
    const { name, partition, offset, attempts, seconds, faults } = row;
    const got = row.letter === undefined ? PLACES[row.place] : `${PLACES[row.place]}: ${row.letter.reason}`;
    table.push([
      name,
      offset < 0 ? '' : `${partition}:${offset}`,
      stage.styled(faults.length > 0 ? 'bad' : (TONES[row.place] ?? 'bad'), got),
      attempts,
      seconds === undefined ? '' : `${seconds.toFixed(2)} s`,
      faults.length > 0 ? stage.styled('bad', faults.join('; ')) : remark(row),
    ]);
  }
  return table.toString().replace(/ +$/gm, '');
}

/** All totals in one line. */
export function summary(totals: Totals): string {
  const { events, accountedFor, delivered, deadLettered, waiting, uncommitted, lost, duplicates, outOfOrder } = totals;
  const unsettled = [
    ...(waiting > 0 ? [`${waiting} still waiting`] : []),
    ...(uncommitted > 0 ? [`${uncommitted} not settled`] : []),
  ];
  const got = [`${delivered} delivered`, `${deadLettered} dead-lettered`, ...unsettled].join(', ');
  const wrong = [`${lost} lost`, `${duplicates} duplicates`, `${outOfOrder} out of order`, `${totals.early} too early`];
  return `${accountedFor} of ${events} events accounted for: ${got}; ${wrong.join(', ')}`;
}

/** These events and all totals as JSON; names and their order are stable. */
export function asJson(
  rows: readonly Row[],
  { totals, faults }: Judgement,
  rest: { ok: boolean; serviceExitCode: number | null; load: LoadFigures | null },
): string {
  const events = rows.map(
    ({ name, partition, offset, place, letter, attempts, waitedBehind, seconds, answers, faults }) => ({
      ...{ payment: name, partition, offset, verdict: place },
      ...{ reason: letter?.reason ?? null, detail: letter?.detail ?? null },
      ...{ requests: attempts, waitedBehind: waitedBehind ?? null, seconds: seconds ?? null, answers, faults },
    }),
  );
  return JSON.stringify({ ...rest, totals, faults, events }, null, 2);
}

/** What it waited for, then the answers, equal ones in a row counted; or what was wrong with an event never sent. */
function remark({ answers, letter, waitedBehind }: Row): string {
  if (answers.length === 0) {
    return letter === undefined ? '' : `never sent: ${WHY_DEAD[letter.reason] ?? letter.reason} (${letter.detail})`;
  }
  const runs: { words: string; times: number }[] = [];
  for (const words of answers.map(answerInWords)) {
    const last = runs.at(-1);
    if (last?.words === words) last.times += 1;
    else runs.push({ words, times: 1 });
  }
  const told = runs.map(({ words, times }) => (times > 1 ? `${words} (${times} times)` : words));
  return [...(waitedBehind === undefined ? [] : [`waited behind ${waitedBehind}`]), ...told].join(' → ');
}
