import type { KafkaRecord } from '../../src/core/record.ts';
import { Lane } from '../../src/kafka/lanes/lane.ts';
import { Waits } from '../../src/pipeline/waits.ts';
import { WaitingRoom } from '../../src/kafka/lanes/waiting-room.ts';
import { deferred, ScriptedOwnership, soon, SOURCE, sourceRecord, type Deferred } from './fixtures.ts';

/** A lane whose records come to rest when its test says so. */
export class ScriptedLane {
  readonly ownership = new ScriptedOwnership();
  /** Offsets in the order in which they were started; one that is tried again stands twice. */
  readonly started: number[] = [];
  readonly errors: unknown[] = [];
  readonly waits = new Waits();
  readonly lane: Lane;
  moves = 0;
  rooms = 0;
  readonly #going = new Map<number, Deferred<undefined>>();

  constructor({ concurrency = 1, offset = 0, metadata = '', room = new WaitingRoom() } = {}) {
    this.lane = new Lane({
      topic: SOURCE,
      partition: 3,
      committed: { offset, metadata },
      concurrency,
      ownership: this.ownership,
      waits: this.waits,
      room,
      process: async ({ offset }) => {
        this.started.push(offset);
        const end = deferred<undefined>();
        this.#going.set(offset, end);
        await end.promise;
      },
      onMoved: () => (this.moves += 1),
      onRoom: () => (this.rooms += 1),
      onError: (_, error) => this.errors.push(error),
    });
  }

  get inFlight(): number[] {
    return [...this.#going.keys()];
  }

  /** Hands over one record for each key, from the lane's next offset on. */
  take(...keys: (string | null)[]): void {
    const from = this.lane.next;
    const records = keys.map((key, at) => keyed(key, from + at));
    this.lane.take(records, from + keys.length);
  }

  /** These records come to rest. */
  async settle(...offsets: number[]): Promise<void> {
    for (const offset of offsets) this.#end(offset).resolve(undefined);
    await soon();
  }

  /** `process` throws for this record. */
  async fail(offset: number, error: Error): Promise<void> {
    this.#end(offset).reject(error);
    await soon();
  }

  /** The broker takes everything that is settled. */
  commit(): { readonly offset: number; readonly metadata: string } {
    const { offset, metadata, acknowledge } = this.lane.progress();
    acknowledge();
    return { offset, metadata };
  }

  /** Settles and commits whatever is in flight until nothing starts any more. */
  async runDry(): Promise<void> {
    while (this.#going.size > 0) {
      await this.settle(...this.inFlight);
      this.commit();
    }
  }

  #end(offset: number): Deferred<undefined> {
    const end = this.#going.get(offset);
    if (end === undefined) throw new Error(`record ${offset} is not in flight`);
    this.#going.delete(offset);
    return end;
  }
}

export function keyed(key: string | null, offset: number, value = 'an event'): KafkaRecord {
  return sourceRecord({ offset, key: key === null ? null : Buffer.from(key), value: Buffer.from(value) });
}
