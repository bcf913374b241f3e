/**
 * Thrown where something cannot work as it is configured. Each problem is one line with its remedy, without any secret.
 */
export class Misconfigured extends Error {
  override readonly name = 'Misconfigured';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** Reads, or notes why it cannot be read, so that all problems can be told at once. */
export function collecting<T>(problems: string[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Misconfigured)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}
