/** What happens all the time and is over soon: faults that wait for it meet what they would mostly miss. */
export const MOMENTS = [
  ...(['sent', 'answered', 'parked', 'committed', 'joined', 'stopping', 'redriving'] as const),
  // A member asks brokers for it: nothing has come of that yet.
  ...(['writing', 'committing', 'joining'] as const),
] as const;
export type Moment = (typeof MOMENTS)[number];

/** @param whom the member whose moment it is, where somebody knows */
type Task = (whom: string | undefined) => void;

/** Who waits for which moment. */
export class Moments {
  readonly #waiting = new Map<Moment, Set<Task>>();

  /** Is done at the next such moment, once. @returns gives it up; whether that was in time */
  await(moment: Moment, task: Task): () => boolean {
    const tasks = this.#waiting.get(moment) ?? new Set();
    this.#waiting.set(moment, tasks.add(task));
    return () => tasks.delete(task);
  }

  /** It is there. */
  happened(moment: Moment, whom?: string): void {
    const tasks = this.#waiting.get(moment) ?? new Set();
    for (const task of tasks) {
      tasks.delete(task);
      task(whom);
    }
  }
}
