import type { KafkaRecord } from '../../core/record.ts';

/** Beside it each lane may hold what a lane may always hold. */
const MOST_BYTES = 67_108_864;
const MOST_OF_A_LANE = 1_048_576;
const ALWAYS_OF_A_LANE = 16_384;

/**
 * What waits in the lanes of a process, in bytes. The less room is left, the less each lane may hold: none can take what
 * the others need, and together they hold at most 64 MiB, 16 KiB more for each lane, and the record that goes past it.
 */
export class WaitingRoom {
  readonly #most: number;
  #bytes = 0;

  constructor(most = MOST_BYTES) {
    this.#most = most;
  }

  /** Where a lane asks for no more, in bytes. */
  get highWater(): number {
    return Math.min(MOST_OF_A_LANE, Math.max(ALWAYS_OF_A_LANE, this.#most - this.#bytes));
  }

  /** Where it asks again. */
  get lowWater(): number {
    return this.highWater / 4;
  }

  enter(bytes: number): void {
    this.#bytes += bytes;
  }

  leave(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/** About what the objects of a record, and of each text or buffer in it, take beside their content. */
const RECORD_BYTES = 300;
const PART_BYTES = 100;

/** The memory that a record takes while it waits, in bytes; its buffers must not be views of more than itself. */
export function weightOf({ key, value, headers }: KafkaRecord): number {
  let bytes = RECORD_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
  for (const name in headers) {
    for (const part of [headers[name]].flat()) bytes += PART_BYTES + name.length + (part?.length ?? 0);
  }
  return bytes;
}
