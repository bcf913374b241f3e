import type { BatchHead } from './batch.ts';
import { bodyOf } from './batch.ts';

/** A transaction whose records in this partition nobody may see. */
interface Aborted {
  readonly producerId: number;
  readonly firstOffset: number;
  /** Of its marker. */
  readonly lastOffset: number;
}

const NONE: readonly Aborted[] = [];

/** How the transactions that wrote to a partition stand there. */
export class LogTransactions {
  /** Producer id → the first offset of its transaction. */
  readonly #open = new Map<number, number>();
  readonly #ended: { readonly firstOffset: number; readonly lastOffset: number }[] = [];
  readonly #aborted: Aborted[] = [];

  /** The first offset of which a replica that knows this high watermark does not know whether it counts; else infinite. */
  firstUndecided(highWatermark: number): number {
    let first = Infinity;
    for (const offset of this.#open.values()) first = Math.min(first, offset);
    for (let at = this.#ended.length - 1; at >= 0; at -= 1) {
      const ended = this.#ended[at];
      if (ended === undefined || ended.lastOffset < highWatermark) break;
      first = Math.min(first, ended.firstOffset);
    }
    return first;
  }

  isOpen(producerId: number): boolean {
    return this.#open.has(producerId);
  }

  appended(head: BatchHead, baseOffset: number, bytes: Buffer): void {
    const { producerId } = head;
    const firstOffset = this.#open.get(producerId);
    if (!head.isControl) {
      if (firstOffset === undefined) this.#open.set(producerId, baseOffset);
      return;
    }
    if (firstOffset === undefined) return;
    this.#open.delete(producerId);
    this.#ended.push({ firstOffset, lastOffset: baseOffset });
    if (!isCommit(bytes)) this.#aborted.push({ producerId, firstOffset, lastOffset: baseOffset });
  }

  /** The aborted transactions that have to do with what stands between these offsets. */
  abortedBetween(from: number, before: number): readonly Aborted[] {
    if (this.#aborted.length === 0) return NONE;
    return this.#aborted.filter(({ firstOffset, lastOffset }) => lastOffset >= from && firstOffset < before);
  }

  /** What became of the transaction of a record. */
  stateOf(producerId: number, offset: number): 'open' | 'committed' | 'aborted' {
    const openFrom = this.#open.get(producerId);
    if (openFrom !== undefined && offset >= openFrom) return 'open';
    const isAborted = this.#aborted.some(
      (one) => one.producerId === producerId && offset >= one.firstOffset && offset < one.lastOffset,
    );
    return isAborted ? 'aborted' : 'committed';
  }

  clear(): void {
    this.#open.clear();
    this.#ended.length = 0;
    this.#aborted.length = 0;
  }
}

/** A marker holds one record: its length, attributes, two numbers, the length of its key, and then the key. */
function isCommit(marker: Buffer): boolean {
  const body = bodyOf(marker);
  let at = 0;
  const skipVarint = (): void => {
    while ((body[at] ?? 0) >= 0x80) at += 1;
    at += 1;
  };
  skipVarint();
  at += 1;
  for (let numbers = 0; numbers < 3; numbers += 1) skipVarint();
  return body.readInt16BE(at + 2) === 1;
}
