/** What a broker keeps with a commit by default (`offset.metadata.max.bytes`); it refuses a commit with more. */
const MOST_METADATA_BYTES = 4_096;
/** More offsets than that are never written as ranges, whoever says so. */
const MOST_PAST = 4_096;

/**
 * How far a partition is settled without a gap. Offsets are taken in order and may be settled in any order. The front
 * is the first taken offset that is not settled or, where all are, the next to be read.
 *
 * Offsets settled beyond the front travel in the commit's metadata, so that a restart does not send them again.
 */
export class CommitFront {
  /** The taken offsets from the front on, in order. */
  readonly #taken = new Set<number>();
  #next: number;
  readonly #settled: Set<number>;

  /**
   * @param start the committed offset
   * @param metadata what was committed with it
   */
  constructor(start: number, metadata = '') {
    this.#next = start;
    this.#settled = new Set(offsetsPast(start, metadata));
  }

  /** The offset to read next. */
  get next(): number {
    return this.#next;
  }

  /** The offset to commit. */
  get front(): number {
    const [first = this.#next] = this.#taken;
    return first;
  }

  /** How many offsets past the front are settled. */
  get past(): number {
    return this.#settled.size;
  }

  /**
   * Whether one more record may be started: all that is in flight can be settled past the front, and the metadata still
   * names each of them, wherever they stand.
   *
   * @param inFlight how many records are started and not settled
   */
  hasRoom(inFlight: number): boolean {
    const bytesOfOne = String(this.#next - this.front).length + ','.length;
    return (this.past + inFlight + 1) * bytesOfOne <= MOST_METADATA_BYTES;
  }

  /** Takes an offset. Says whether it was settled before, as the metadata of the last commit told. */
  take(offset: number): 'unsettled' | 'settled' {
    this.skipTo(offset);
    this.#next = offset + 1;
    this.#taken.add(offset);
    if (!this.#settled.has(offset)) return 'unsettled';
    this.#advance();
    return 'settled';
  }

  /** Passes over offsets that hold nothing to read, such as transaction markers and deleted records. */
  skipTo(next: number): void {
    if (next <= this.#next) return;
    for (const offset of this.#settled) if (offset >= this.#next && offset < next) this.#settled.delete(offset);
    this.#next = next;
  }

  /** Marks a taken offset as settled. */
  settle(offset: number): void {
    this.#settled.add(offset);
    this.#advance();
  }

  /** The settled offsets past the front, written as ranges relative to it: `1,3-5`. At most 4,096 bytes: the first ones. */
  metadata(): string {
    const { front } = this;
    const past = [...this.#settled].sort((a, b) => a - b).slice(0, MOST_PAST);
    let text = '';
    for (let at = 0; at < past.length; at += 1) {
      const first = (past[at] ?? 0) - front;
      let last = first;
      while (past[at + 1] === front + last + 1) [last, at] = [last + 1, at + 1];
      const longer = `${text === '' ? '' : `${text},`}${first === last ? first : `${first}-${last}`}`;
      if (longer.length > MOST_METADATA_BYTES) break;
      text = longer;
    }
    return text;
  }

  #advance(): void {
    for (const offset of this.#taken) {
      if (!this.#settled.delete(offset)) return;
      this.#taken.delete(offset);
    }
  }
}

const RANGES = /^\d{1,16}(-\d{1,16})?(,\d{1,16}(-\d{1,16})?)*$/;

/** Metadata in any other form, or of more offsets than are ever written, was written by something else, and says nothing. */
function offsetsPast(front: number, metadata: string): number[] {
  if (!RANGES.test(metadata)) return [];
  const ranges = metadata.split(',').map((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return { first: front + first, length: Math.max(0, last - first + 1) };
  });
  if (ranges.reduce((sum, { length }) => sum + length, 0) > MOST_PAST) return [];
  return ranges.flatMap(({ first, length }) => Array.from({ length }, (_, at) => first + at));
}
