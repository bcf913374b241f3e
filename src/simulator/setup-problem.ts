/** What the simulator was given cannot be used; the message says what and how to mend it, and holds no secret. */
export class SetupProblem extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SetupProblem';
  }
}
