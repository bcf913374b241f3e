import { Misconfigured } from '../../core/misconfigured.ts';
import type { RecordId } from '../../inspect/history.ts';
import { taskCommand, type Task } from '../common/command.ts';
import { place } from '../common/place.ts';
import { topologyOf, type EvidenceSection } from '../common/reading.ts';
import type { Result } from '../common/result.ts';
import { inspectRecord } from '../inspect.ts';

/** `dead-letters show`. */
export const show = taskCommand({
  name: 'dead-letters show',
  summary: 'one dead letter, readable',
  usage: (command) =>
    command
      .argument('<record>', '<topic>:<partition>:<offset>, as list names it', place)
      .option('--json', 'print what inspect --json prints'),
  help: `
Shows what inspect shows, of a record among the dead letters only.

Example:
  payment-notifier dead-letters show payment-final.dead-letter:3:12`,
  sections: ['kafka', 'source', 'retry', 'outcomes', 'registry'],

  run: (task: Task<object, EvidenceSection | 'registry', readonly [RecordId]>): Promise<Result> => {
    const { deadLetters } = topologyOf(task.settings);
    const { topic } = task.args[0];
    if (topic !== deadLetters)
      throw new Misconfigured([`${topic} is not the dead-letter topic; name a record of ${deadLetters}`]);
    return inspectRecord(task);
  },
});
