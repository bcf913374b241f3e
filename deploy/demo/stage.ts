import { styleText } from 'node:util';

/** How a piece of text is meant. */
export type Tone = 'good' | 'waiting' | 'bad' | 'quiet' | 'strong';

const STYLES = { good: 'green', waiting: 'yellow', bad: 'red', quiet: 'gray', strong: 'bold' } as const;

const PROGRESS_EVERY_MS = { terminal: 100, file: 2_000 };
const SUBJECT_WIDTH = 8;

/** Where the story is told: a terminal, with colours, or a file, without. */
export class Stage {
  readonly #out: NodeJS.WriteStream;
  readonly #colours: boolean;
  readonly #beganAt = Date.now();
  #progressAt = 0;
  #progressShown = false;

  /** @param env `NO_COLOR`, where it is not empty, switches colours off */
  constructor(out: NodeJS.WriteStream, env: NodeJS.ProcessEnv = process.env) {
    this.#out = out;
    this.#colours = out.isTTY && !env['NO_COLOR'];
  }

  /** Seconds from the start of the story to an instant in epoch milliseconds, such as `12.34 s`. */
  clock(at: number = Date.now()): string {
    return `${((at - this.#beganAt) / 1_000).toFixed(2)} s`;
  }

  /** Text in its tone, where this is a terminal. */
  styled(tone: Tone, text: string): string {
    return this.#colours ? styleText(STYLES[tone], text, { validateStream: false }) : text;
  }

  /** Begins a part of the story. */
  heading(title: string, about: string): void {
    this.print(`\n${this.styled('strong', title)}\n${this.styled('quiet', about)}`);
  }

  /** One thing that happened now, and to whom. */
  line(subject: string, text: string, tone?: Tone): void {
    const clock = this.styled('quiet', this.clock().padStart(8));
    this.print(`${clock}  ${subject.padEnd(SUBJECT_WIDTH)}  ${tone === undefined ? text : this.styled(tone, text)}`);
  }

  /** A line that the next progress replaces; where there is no terminal, one every two seconds. */
  progress(text: string): void {
    const now = Date.now();
    if (now - this.#progressAt < PROGRESS_EVERY_MS[this.#out.isTTY ? 'terminal' : 'file']) return;
    this.#progressAt = now;
    if (!this.#out.isTTY) {
      this.line('', text);
      return;
    }
    this.#out.write(`\r\x1b[K${this.clock().padStart(8)}  ${''.padEnd(SUBJECT_WIDTH)}  ${text}`);
    this.#progressShown = true;
  }

  /** Plain lines. */
  print(text: string): void {
    if (this.#progressShown) this.#out.write('\r\x1b[K');
    this.#progressShown = false;
    this.#out.write(`${text}\n`);
  }
}
