/** What an exit code tells: the only table of them. */
export const EXIT = {
  /** What was asked for is done; `run`: drained, nothing left open. */
  done: 0,
  /** Failed while it ran; `run`: not drained in time, or it could not go on. */
  failed: 1,
  /** Settings, keys, topics, options or input have to be mended first. */
  misconfigured: 2,
  /** It ran, and a check found something. */
  found: 3,
  /** Ended by a signal; `run`: by a second one. */
  SIGINT: 130,
  SIGTERM: 143,
} as const;

/** One of the codes. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The signals that ask a process to end. */
export type EndingSignal = 'SIGINT' | 'SIGTERM';
