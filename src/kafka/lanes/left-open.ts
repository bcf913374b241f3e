import { closingId, CLOSING_TIMEOUT_MS } from '../../core/closing-transactions.ts';
import { readProvenance } from '../../core/provenance.ts';
import type { Observe } from '../../pipeline/ports.ts';
import { pause } from '../../pipeline/waiting.ts';
import { errorType } from '../kafkajs/errors.ts';
import { endTransaction, firstUndecided } from '../kafkajs/open-transaction.ts';
import type { Cluster, FetchedBatch } from '../kafkajs/types.ts';
import { HeldBackPartitions, type HeldBack } from './held-back.ts';

/** Until a coordinator that has not answered, or whose answer has changed nothing, is asked again. */
const AGAIN_AFTER_MS = 5_000;

export interface LeftOpenParts {
  readonly cluster: Cluster;
  readonly groupId: string;
  readonly source: string;
  readonly closing: AbortSignal;
  readonly observe: Observe;
}

/**
 * Ends what a redrive of this group has left open in retry topics when it was killed. Brokers end it too, but look for it
 * only now and then (every 10 s by default), and nothing behind it is retried meanwhile.
 *
 * Only a transaction that holds a retry partition back for as long as a redrive's may be open at all, and that begins
 * with a redriven copy, is ended: as the next redrive would. Several members may do it, one after the other; a
 * redrive that lives nevertheless is told that its transaction is gone, begins anew and leaves nothing out.
 */
export class LeftOpen {
  readonly #parts: LeftOpenParts;
  readonly #held = new HeldBackPartitions(CLOSING_TIMEOUT_MS);
  #isWatching = false;

  constructor(parts: LeftOpenParts) {
    this.#parts = parts;
  }

  /** Something was fetched; of a retry partition also where it holds nothing that may be read. */
  fetched(batch: FetchedBatch): void {
    if (batch.topic === this.#parts.source) return;
    this.#held.told(batch, performance.now());
    if (!this.#isWatching && this.#held.dueAt !== undefined) this.#watch().catch(() => undefined);
  }

  /** Goes on as long as there is something to look at, or until the epoch closes. */
  async #watch(): Promise<void> {
    this.#isWatching = true;
    while (this.#held.dueAt !== undefined) {
      await pause(Math.max(1, this.#held.dueAt - performance.now()), this.#parts.closing);
      await this.#lookAt(this.#held.due(performance.now()));
    }
    this.#isWatching = false;
  }

  /** One transaction holds back many partitions; once it is ended, those go on that are not looked at here. */
  async #lookAt(due: readonly HeldBack[]): Promise<void> {
    const { groupId, observe } = this.#parts;
    this.#held.lookAgain(due, performance.now() + AGAIN_AFTER_MS);
    for (const place of due) {
      const found = await this.#endWhatIsLeft(place).catch(() => 'unknown' as const);
      if (found === 'unknown') continue;
      if (found === 'not_ours') {
        this.#held.lookAgain([place], Infinity);
        continue;
      }
      observe({ kind: 'redrive_left_open', ...found, record: place, transactionalId: closingId(groupId) });
      if (found.result !== 'failed') this.#held.lookAgain(found.result === 'forbidden' ? due : [place], Infinity);
      return;
    }
  }

  /** Throws where it cannot be seen whose transaction it is. */
  async #endWhatIsLeft(place: HeldBack): Promise<Found> {
    const { cluster, groupId, source } = this.#parts;
    const record = await firstUndecided(cluster, place);
    if (record === undefined || readProvenance(record, source).redriveId === undefined) return 'not_ours';
    try {
      await endTransaction(cluster, closingId(groupId), CLOSING_TIMEOUT_MS);
      return { result: 'ended' };
    } catch (error) {
      const isForbidden = errorType(error) === 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED';
      return { result: isForbidden ? 'forbidden' : 'failed', error };
    }
  }
}

type Found =
  'not_ours' | { readonly result: 'ended' } | { readonly result: 'forbidden' | 'failed'; readonly error: unknown };
