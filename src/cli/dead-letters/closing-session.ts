import { hostname, userInfo } from 'node:os';
import { closingId } from '../../core/closing-transactions.ts';
import { Misconfigured } from '../../core/misconfigured.ts';
import { createKafka } from '../../kafka/kafkajs/client.ts';
import { UNKNOWN_TOPIC } from '../../kafka/kafkajs/errors.ts';
import { openGroupNote } from '../../kafka/kafkajs/group-note.ts';
import { createTransactions, type Transactions } from '../../kafka/produce/transactions.ts';
import { guarded } from '../../operate/dead-letters/guard.ts';
import type { Reading } from '../../operate/evidence.ts';
import type { Task } from '../common/command.ts';
import { silent, withReading, type EvidenceSection } from '../common/reading.ts';

/** What it takes to close letters. */
export interface ClosingSession {
  readonly reading: Reading;
  readonly transactions: Transactions;
  /** Aborted when another run has taken this one's place. */
  readonly lost: AbortSignal;
}

/** Who runs this, as `<user>@<host>`. */
export function whoIsThis(): string {
  return `${userInfo().username}@${hostname()}`;
}

/**
 * Does what closes letters of a group, while nobody else does.
 *
 * @param run what the run is, for whoever is refused because of it
 * @param topics that have to be there
 * @throws Misconfigured where one of them is not
 */
export async function withClosingSession<T>(
  task: Pick<Task<object, EvidenceSection>, 'settings' | 'signal' | 'err'>,
  run: string,
  topics: readonly string[],
  work: (session: ClosingSession) => Promise<T>,
): Promise<T> {
  const { client, group } = task.settings.kafka;
  const kafka = createKafka(client, silent);
  const name = closingId(group.groupId);
  return withReading(task, 'reading dead letters', async (reading) => {
    const missing = (await reading.reader.layouts(topics)).filter(({ error }) => error === UNKNOWN_TOPIC);
    if (missing.length > 0)
      throw new Misconfigured(missing.map(({ topic }) => `the topic ${topic} does not exist; make it`));
    const note = await openGroupNote(kafka, name, reading.topology.deadLetters);
    const transactions = createTransactions(kafka, name);
    try {
      return await guarded(note, { by: whoIsThis(), run }, Date.now, async (lost) => {
        await transactions.begin();
        return work({ reading, transactions, lost });
      });
    } finally {
      await Promise.allSettled([transactions.close(), note.close()]);
    }
  });
}
