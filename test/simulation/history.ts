import { createHash } from 'node:crypto';

/** Something that happened. */
export interface Line {
  /** Simulated milliseconds from the beginning. */
  readonly atMs: number;
  /** A member, a broker, the gateway, or who made a fault. */
  readonly who: string;
  readonly what: string;
}

/** What happened in a world, in order. Two runs of one seed have the same history, line by line. */
export class History {
  readonly lines: Line[] = [];
  readonly #hash = createHash('sha256');

  note(atMs: number, who: string, what: string): void {
    this.lines.push({ atMs, who, what });
    this.#hash.update(`${atMs} ${who} ${what}\n`);
  }

  /** Of every line so far. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Lines that name one of these, as they are read by people, and all that was done to the world meanwhile. */
  about(names: readonly string[], always: (line: Line) => boolean): string[] {
    return this.lines
      .filter((line) => always(line) || names.some((name) => line.what.includes(name)))
      .map(({ atMs, who, what }) => `${(atMs / 1_000).toFixed(3).padStart(9)} s  ${who.padEnd(10)} ${what}`);
  }
}
