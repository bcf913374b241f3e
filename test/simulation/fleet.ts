import { fork, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Summary } from './summary.ts';

/** A world takes a second or two; one that takes so long turns round and round within a single step. */
const HANGS_AFTER_MS = 180_000;
/** Worlds leave much behind that lives for a moment, and the other cores have worlds of their own. */
const FOR_ONE_CORE = ['--single-threaded-gc', '--max-semi-space-size=64'];
const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));

/** Which worlds are played. */
export interface Voyage {
  /** The next seed; `undefined` where there is none. */
  readonly next: () => number | undefined;
  /** Told of each world. */
  readonly told: (summary: Summary) => void;
}

/** Plays worlds on all cores, one after the other in each process. A world that hangs is given up, and is what is wrong with it. */
export async function playAll({ next, told }: Voyage): Promise<void> {
  const sail = async (): Promise<void> => {
    const worker = fork(WORKER, { execArgv: ['--import', 'tsx', ...FOR_ONE_CORE] });
    try {
      for (let seed = next(); seed !== undefined; seed = next()) {
        told(await play(worker, seed));
      }
    } finally {
      worker.kill('SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, sail));
}

async function play(worker: ChildProcess, seed: number): Promise<Summary> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      const wrong = [`seed ${seed}: within one step something goes on without end`];
      resolve({ seed, line: `seed ${seed}`, failure: 'hangs', wrong, simulatedMs: 0, counts: {}, situations: {} });
    }, HANGS_AFTER_MS);
    const end = (): void => {
      clearTimeout(late);
      worker.removeAllListeners();
    };
    worker.once('message', (summary: Summary) => {
      end();
      resolve(summary);
    });
    worker.once('exit', () => {
      end();
      reject(new Error(`seed ${seed} could not be played`));
    });
    worker.send(seed);
  });
}
