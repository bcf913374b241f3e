import { readClosings } from '../../operate/dead-letters/letters.ts';
import { latestRedrive, readRedrive, redriveStatus } from '../../operate/dead-letters/status.ts';
import type { Task } from '../common/command.ts';
import { unreadInWords } from '../common/evidence.ts';
import { withReading, type EvidenceSection } from '../common/reading.ts';
import type { Result } from '../common/result.ts';

/** `dead-letters redrive --status`: what became of what a redrive sent; of the last one where no id is given. */
export function showStatus(task: Task<object, EvidenceSection>, given: string | undefined): Promise<Result> {
  return withReading(task, 'reading', async (reading) => {
    const id = given ?? latestRedrive((await readClosings(reading)).closings);
    if (id === undefined) throw new Error('no letter was ever redriven');
    const traces = await readRedrive(id, reading);
    if (traces.closings.length === 0 && traces.complete) throw new Error(`no letter was redriven by ${id}`);
    const status = redriveStatus(id, traces);
    const { sent, delivered, waiting, deadAgain } = status;
    for (const line of unreadInWords(traces.unread)) task.err.line(line);
    return {
      exit: traces.complete ? 'done' : 'found',
      text: [`redrive ${id}: ${sent} sent = ${delivered} delivered + ${waiting} waiting + ${deadAgain} dead again`],
      json: status,
    };
  });
}
