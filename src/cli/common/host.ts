import { readdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { EXIT, type EndingSignal } from '../../core/exit-codes.ts';
import { Terminal } from './terminal.ts';

/** The process a command runs in. */
export interface Host {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: NodeJS.ReadableStream;
  readonly out: Terminal;
  readonly err: Terminal;
  /** Calls back at every signal that asks to end. @returns ends it */
  onSignal(listener: (signal: EndingSignal) => void): () => void;
  /** From now on whoever else needs the processor gets it first: on this machine, or within this pod. */
  giveWay(): void;
  /** Ends the process at once. */
  exit(code: number): void;
}

/** This process. */
export function thisProcess(): Host {
  return {
    env: process.env,
    stdin: process.stdin,
    out: new Terminal(process.stdout, process.env),
    err: new Terminal(process.stderr, process.env),
    onSignal: (listener) => {
      process.on('SIGINT', listener).on('SIGTERM', listener);
      return () => process.off('SIGINT', listener).off('SIGTERM', listener);
    },
    giveWay: () => {
      try {
        for (const thread of threads()) setPriority(thread, constants.priority.PRIORITY_LOW);
      } catch {
        // A sandbox that forbids it: then both get their share.
      }
    },
    exit: (code) => process.exit(code),
  };
}

/** Of this process: on Linux each has a priority of its own, also those that sign, and later ones have that of their maker. */
function threads(): number[] {
  return process.platform === 'linux' ? readdirSync('/proc/self/task').map(Number) : [process.pid];
}

/** The first signal that asked to end, and what is aborted by it. The second one ends the process at once. */
export interface Interruption {
  readonly signal: AbortSignal;
  readonly by: EndingSignal | undefined;
  /** Stops to listen. */
  end(): void;
}

/** Listens for signals from now on. */
export function interruption(host: Host): Interruption {
  const controller = new AbortController();
  let by: EndingSignal | undefined;
  const end = host.onSignal((signal) => {
    if (by !== undefined) host.exit(EXIT[signal]);
    by ??= signal;
    controller.abort();
  });
  return {
    signal: controller.signal,
    get by() {
      return by;
    },
    end,
  };
}
