import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';
import { install } from '@sinonjs/fake-timers';
import { virtualSleep } from '../support/virtual-sleep.ts';
import type { SimulatedProcess } from './processes.ts';

type Task = () => void;
type Timer = NodeJS.Timeout | NodeJS.Immediate;
type Armed = (...args: unknown[]) => void;
type Later = (callback: Armed, ms?: number) => Timer;

const real = { setImmediate: globalThis.setImmediate };

/** Node's timers know whole milliseconds, and none shorter than one. */
function wholeMs(ms = 1): number {
  return ms >= 1 ? Math.trunc(ms) : 1;
}

/**
 * The one clock of a simulated world, in place of the real one for this whole process until `uninstall`. Whatever may
 * happen is a timer on it. A step lets the earliest one happen, and then everything that follows without time: promises
 * and `process.nextTick` stay as they are, since their order is always the same.
 *
 * A timer belongs to the process that armed it. As a step is always of one process and ends before the next begins,
 * whoever does something is the one whose step it is.
 */
export class SimulatedTime {
  readonly #clock: ReturnType<typeof install>;
  readonly #restore: Task[] = [];
  readonly #owners = new WeakMap<object, SimulatedProcess>();
  #current: SimulatedProcess | undefined;
  #steps = 0;

  private constructor(startMs: number) {
    this.#clock = install({
      now: startMs,
      toFake: [
        ...(['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate'] as const),
        ...(['Date', 'performance'] as const),
      ],
    });
  }

  /** @param startMs epoch milliseconds */
  static install(startMs: number): SimulatedTime {
    const time = new SimulatedTime(startMs);
    time.#takeOver();
    return time;
  }

  /** Epoch milliseconds, the true ones. */
  get now(): number {
    return this.#clock.now;
  }

  /** Steps so far. */
  get steps(): number {
    return this.#steps;
  }

  /** Whose step it is; nobody's where brokers, gateway or the scheduler do something. */
  get current(): SimulatedProcess | undefined {
    return this.#current;
  }

  /** Lets something happen after this time, in a step of its own. */
  after(ms: number, task: Task): void {
    this.#clock.setTimeout(() => this.#as(undefined, task), ms);
  }

  /** Something reaches a process after this time; what it arms in consequence is its own. */
  reach(process: SimulatedProcess, ms: number, task: Task): void {
    this.#clock.setTimeout(() => process.reach(task, () => this.#as(process, task)), ms);
  }

  /** A frozen process goes on: at once with all that has come meanwhile. */
  thaw(process: SimulatedProcess): void {
    for (const what of process.thaw()) this.reach(process, 0, () => process.take(what)?.());
  }

  /**
   * Lets the next thing happen, and all that follows from it.
   *
   * @returns whether there was one
   */
  async step(): Promise<boolean> {
    if (this.#clock.countTimers() === 0) return false;
    this.#steps += 1;
    try {
      this.#clock.next();
      await new Promise((resolve) => real.setImmediate(resolve));
    } finally {
      this.#current = undefined;
    }
    return true;
  }

  /** Real time again. */
  uninstall(): void {
    for (const restore of this.#restore.reverse()) restore();
    this.#clock.uninstall();
    syncBuiltinESMExports();
  }

  #as(process: SimulatedProcess | undefined, task: Task): void {
    this.#current = process;
    task();
  }

  #takeOver(): void {
    const clock = this.#clock;
    const [setTimeout, setInterval, setImmediate] = [clock.setTimeout, clock.setInterval, clock.setImmediate];
    const [clearTimeout, clearInterval, clearImmediate] = [
      clock.clearTimeout,
      clock.clearInterval,
      clock.clearImmediate,
    ];
    const owned = (arm: Later, disarm: (timer: never) => void, isOnce: boolean) => {
      return (callback: Armed, ms?: number, ...args: unknown[]): Timer => {
        const owner = this.#current;
        const timer = arm(
          () => {
            const fire = (): void => {
              if (isOnce) owner?.disarmed(timer);
              this.#as(owner, () => callback(...args));
            };
            if (owner === undefined) fire();
            else owner.reach(timer, fire);
          },
          arm === setImmediate ? ms : wholeMs(ms),
        );
        owner?.armed(timer, () => disarm(timer as never));
        if (owner !== undefined) this.#owners.set(timer, owner);
        return timer;
      };
    };
    const disowned = (disarm: (timer: never) => void) => (timer: object | undefined) => {
      if (typeof timer !== 'object') return;
      this.#owners.get(timer)?.disarmed(timer);
      disarm(timer as never);
    };
    this.#replace(globalThis, {
      setTimeout: owned(asNodeDoes(setTimeout as Later), clearTimeout, true),
      setInterval: owned(asNodeDoes(setInterval as Later), clearInterval, false),
      setImmediate: owned(setImmediate as Later, clearImmediate, true),
      clearTimeout: disowned(clearTimeout),
      clearInterval: disowned(clearInterval),
      clearImmediate: disowned(clearImmediate),
      Date: this.#datesOfProcesses(),
    });
    this.#replace(timersPromises, { setTimeout: virtualSleep });
    this.#replace(AbortSignal, {
      timeout: (ms: number) => {
        const controller = new AbortController();
        globalThis.setTimeout(() => controller.abort(new DOMException('timed out', 'TimeoutError')), ms);
        return controller.signal;
      },
    });
    syncBuiltinESMExports();
  }

  /** Each process reads its own wall clock. */
  #datesOfProcesses(): DateConstructor {
    const { Date: TrueDate } = globalThis;
    const now = (): number => this.#current?.clock.shows(TrueDate.now()) ?? TrueDate.now();
    class ProcessDate extends TrueDate {
      constructor(...fields: unknown[]) {
        super(...((fields.length === 0 ? [now()] : fields) as [number]));
      }
      static override now(): number {
        return now();
      }
    }
    return ProcessDate as unknown as DateConstructor;
  }

  #replace<T extends object>(where: T, parts: Partial<Record<keyof T, unknown>>): void {
    for (const [name, part] of Object.entries(parts)) {
      const before = Object.getOwnPropertyDescriptor(where, name);
      Object.defineProperty(where, name, {
        value: part,
        writable: true,
        configurable: true,
        enumerable: before?.enumerable ?? true,
      });
      this.#restore.push(() => {
        if (before === undefined) Reflect.deleteProperty(where, name);
        else Object.defineProperty(where, name, before);
      });
    }
  }
}

/** A timer takes a millisecond at least, and whole ones: without that, who sleeps for less would never see time pass. */
function asNodeDoes(arm: Later): Later {
  return (callback, ms = 1) => arm(callback, ms >= 1 ? Math.trunc(ms) : 1);
}
