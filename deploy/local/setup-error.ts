/** Something on this machine stands in the way. The message is two lines: what is wrong, and how to put it right. */
export class SetupError extends Error {
  override readonly name = 'SetupError';

  constructor(problem: string, remedy: string, options?: ErrorOptions) {
    super(`${problem}\n${remedy}`, options);
  }
}

/** Ends a command that failed: exit code 2 and two lines where the machine lacks something, otherwise 1. */
export function exitWithProblem(error: unknown): never {
  console.error(error instanceof SetupError ? error.message : error);
  process.exit(error instanceof SetupError ? 2 : 1);
}
