/**
 * What was given cannot be used: a setting, a key, a topic, an option, a file, a line of input. The one family of such
 * errors; whoever is told mends the input, and nothing is to be tried again before. Each problem is one line that names
 * the input and its remedy, and holds no secret.
 */
export class Misconfigured extends Error {
  override readonly name: string = 'Misconfigured';
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
