import { clearLine, cursorTo } from 'node:readline';
import { styleText } from 'node:util';

/** A stream that may be a terminal. */
export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** The colours there are. */
export type Colour = 'green' | 'red' | 'yellow' | 'bold' | 'dim';

const PROGRESS_EVERY_MS = 100;

/** Where a command writes: coloured only where somebody looks, and without colours where `NO_COLOR` says so. */
export class Terminal {
  readonly #stream: Output;
  readonly #isTerminal: boolean;
  readonly #colours: boolean;
  #progressAt = Number.NEGATIVE_INFINITY;
  #progressShown = false;

  /** @param env `NO_COLOR`, where it is not empty, switches colours off */
  constructor(stream: Output, env: NodeJS.ProcessEnv) {
    this.#stream = stream;
    this.#isTerminal = stream.isTTY === true;
    this.#colours = this.#isTerminal && !env['NO_COLOR'];
  }

  /** Writes a line. */
  line(text: string): void {
    this.#clearProgress();
    this.#stream.write(`${text}\n`);
  }

  /** The text in a colour, or as it is. */
  paint(colour: Colour, text: string): string {
    return this.#colours ? styleText(colour, text, { validateStream: false }) : text;
  }

  /** Shows how far something is, at most ten times a second, in place of what was shown before; only on a terminal. */
  progress(text: () => string): void {
    if (!this.#isTerminal || performance.now() - this.#progressAt < PROGRESS_EVERY_MS) return;
    this.#progressAt = performance.now();
    this.#clearProgress();
    this.#stream.write(text());
    this.#progressShown = true;
  }

  /** Resolves when everything has been handed to the system. */
  flush(): Promise<void> {
    this.#clearProgress();
    return new Promise((resolve) => this.#stream.write('', () => resolve()));
  }

  #clearProgress(): void {
    if (!this.#progressShown) return;
    this.#progressShown = false;
    cursorTo(this.#stream, 0);
    clearLine(this.#stream, 0);
  }
}
